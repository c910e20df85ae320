// An open without a thread, as a CompletableFuture.

package dev.zinc;

import java.util.concurrent.CompletableFuture;

/** An asynchronous open. However it is completed from outside, it ends at once, and leaves no handle open. */
final class Opening extends CompletableFuture<SharedRegion> {
    static {
        Delivery.begin();
    }

    private final long open;

    Opening(String name, int flags, long[] numbers, String directory) {
        long open = Native.openAsync(this, name, flags, numbers, directory);
        this.open = open;
        Held.untilGarbage(this, () -> Native.releaseOpen(open));
    }

    /** Native code calls this, once at most, and not once {@link Native#cancelOpen} said true. */
    private void ended(long handle) {
        Elsewhere.THREADS.execute(() -> super.complete(new SharedRegion(handle)));
    }

    /** As {@link #ended}. */
    private void failed(ZincException failure) {
        Elsewhere.THREADS.execute(() -> super.completeExceptionally(failure));
    }

    /** Whether the outcome is now for somebody else to set. */
    private boolean claim() {
        return !isDone() && Native.cancelOpen(open);
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        return claim() ? super.cancel(mayInterruptIfRunning) : isCancelled();
    }

    @Override
    public boolean complete(SharedRegion value) {
        return claim() && super.complete(value);
    }

    @Override
    public boolean completeExceptionally(Throwable failure) {
        return claim() && super.completeExceptionally(failure);
    }
}
