// Platform threads for work that blocks in native code, or that users have attached to futures.

package dev.zinc;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.FutureTask;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Platform threads for what would delay other work: a virtual thread that blocks in native code occupies its carrier, of
 * which there are few; and the thread that completes futures must not wait for the code that depends on them.
 */
final class Elsewhere {
    /**
     * One thread for each piece of work; an idle one ends after some seconds, and none keeps the JVM alive.
     */
    static final ExecutorService THREADS = new ThreadPoolExecutor(
            0, Integer.MAX_VALUE, 5, TimeUnit.SECONDS, new SynchronousQueue<>(), Elsewhere::thread);

    /** {@code Thread.isVirtual}, of Java 21; null before. */
    private static final MethodHandle IS_VIRTUAL = isVirtual();

    private Elsewhere() {}

    private static MethodHandle isVirtual() {
        try {
            var type = MethodType.methodType(boolean.class);
            return MethodHandles.publicLookup().findVirtual(Thread.class, "isVirtual", type);
        } catch (NoSuchMethodException | IllegalAccessException before21) {
            return null;
        }
    }

    private static Thread thread(Runnable work) {
        var thread = new Thread(work, "zinc-worker");
        thread.setDaemon(true);
        return thread;
    }

    /** Whether the calling thread is a virtual one. */
    static boolean isNeeded() {
        try {
            return IS_VIRTUAL != null && (boolean) IS_VIRTUAL.invokeExact(Thread.currentThread());
        } catch (Throwable never) {
            throw new AssertionError(never);
        }
    }

    /** Does the work on a platform thread; interrupting the calling thread interrupts it. */
    static <T> T call(Callable<T> work) throws InterruptedException {
        var task = new FutureTask<>(work);
        THREADS.execute(task);
        try {
            return task.get();
        } catch (InterruptedException interrupted) {
            task.cancel(true);
            throw interrupted;
        } catch (ExecutionException failed) {
            Throwable cause = failed.getCause();
            if (cause instanceof InterruptedException interrupted) {
                throw interrupted;
            }
            if (cause instanceof RuntimeException failure) {
                failure.addSuppressed(new Throwable("called from here"));
                throw failure;
            }
            throw (Error) cause;
        }
    }
}
