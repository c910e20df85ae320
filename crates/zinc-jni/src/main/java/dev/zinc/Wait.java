// A wait without a thread, as a CompletableFuture.

package dev.zinc;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * An asynchronous wait. Completing it from outside (by {@code cancel}, or by {@code orTimeout}) ends the wait at once,
 * and the notification is left to the next wait. A completion that comes after the outcome does nothing.
 */
final class Wait extends CompletableFuture<Boolean> {
    static {
        Delivery.begin();
    }

    /** Kept open while somebody waits. */
    private final SharedRegion region;

    /** Whether outcomes may be set on the delivery thread: nothing but a waiting thread depends on them. */
    private final boolean plain;

    private final long wait;

    private Wait(SharedRegion region, long timeout, boolean plain) {
        this.region = region;
        this.plain = plain;
        long wait = Native.awaitAsync(this, region.handle, timeout);
        this.wait = wait;
        Held.untilGarbage(this, () -> Native.releaseWait(wait));
    }

    /** Begins a wait for a future that users get. What depends on it may block, so it runs on a thread of the pool. */
    static CompletableFuture<Boolean> begin(SharedRegion region, long timeout) {
        return new Wait(region, timeout, false);
    }

    /** Waits for an outcome without blocking in native code, as a virtual thread should. */
    static boolean parked(SharedRegion region, long timeout) throws InterruptedException {
        var wait = new Wait(region, timeout, true);
        try {
            return wait.get();
        } catch (InterruptedException interrupted) {
            if (wait.cancel(true)) {
                throw interrupted;
            }
            // The outcome came first, and a notification that was taken in must not be lost.
            Thread.currentThread().interrupt();
            return wait.join();
        } catch (ExecutionException failed) {
            throw (ZincException) failed.getCause();
        }
    }

    /** Native code calls this, once at most, and not once {@link Native#cancelWait} said true. */
    private void ended(boolean notified, boolean early) {
        finish(early, () -> super.complete(notified));
    }

    /** As {@link #ended}. */
    private void failed(ZincException failure, boolean early) {
        finish(early, () -> super.completeExceptionally(failure));
    }

    private void finish(boolean early, Runnable completion) {
        if (plain || early) {
            completion.run();
        } else {
            Elsewhere.THREADS.execute(completion);
        }
    }

    /** Whether the outcome is now for somebody else to set. */
    private boolean claim() {
        return !isDone() && Native.cancelWait(wait);
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        return claim() ? super.cancel(mayInterruptIfRunning) : isCancelled();
    }

    @Override
    public boolean complete(Boolean value) {
        return claim() && super.complete(value);
    }

    @Override
    public boolean completeExceptionally(Throwable failure) {
        return claim() && super.completeExceptionally(failure);
    }
}
