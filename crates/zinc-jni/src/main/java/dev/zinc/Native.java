// The native methods: what crates/zinc-jni/src implements.

package dev.zinc;

import java.nio.ByteBuffer;

/**
 * The native methods. Numbers named {@code handle}, {@code view}, {@code wait} and {@code cancel} are native objects.
 * The caller keeps the Java object reachable that releases them. Times are nanoseconds, and negative ones are for ever.
 */
final class Native {
    static {
        Loader.load();
    }

    private Native() {}

    static native String version();

    static native long create(String name, long capacity, int flags, long[] numbers, String directory);

    static native long createTensor(
            String name, int dtype, long[] shape, int flags, long[] numbers, String directory);

    /** Without {@code sleep} it does not wait; {@code cancel} is the object that {@code sleep} fires. */
    static native long open(
            String name, int flags, long[] numbers, String directory, Sleep sleep, long cancel)
            throws InterruptedException;

    static native long cancel();

    /** Ends the open that waits with this object, and every later one. */
    static native void fire(long cancel);

    static native void releaseCancel(long cancel);

    static native long openOrCreate(String name, long capacity, int flags, long[] numbers, String directory);

    static native long duplicate(long handle);

    static native void release(long handle);

    static native void close(long handle);

    static native boolean isClosed(long handle);

    static native boolean isOwner(long handle);

    static native boolean isReadOnly(long handle);

    static native long sequence(long handle);

    static native RegionInfo info(long handle);

    static native Object[] list(int flags, long[] numbers, String directory);

    static native void remove(String name, int flags, long[] numbers, String directory);

    static native void unlink(long handle);

    static native void link(long handle);

    static native boolean isNamed(long handle);

    static native void persist(long handle);

    static native void describe(long handle, int dtype, long[] shape);

    static native Descriptor descriptor(long handle);

    /** Puts the view of the described data into {@code view}. */
    static native Descriptor tensor(long handle, int dtype, long[] view);

    static native long view(long handle);

    static native long cloneView(long view);

    static native void releaseView(long view);

    static native long address(long view);

    /** A direct buffer that is valid for as long as the view; the caller has checked the bounds. */
    static native ByteBuffer buffer(long view, long offset, int length);

    static native void signal(long handle);

    static native void interrupt(long handle);

    /** Has the waits of a handle look whether their threads were interrupted; the others sleep on. */
    static native void wake(long handle);

    static native boolean awaitSignal(SharedRegion region, long handle, long timeout) throws InterruptedException;

    /** The sequence reached, or -1 if the time is up. */
    static native long awaitPast(SharedRegion region, long handle, long sequence, long timeout)
            throws InterruptedException;

    /** Begins a wait, which tells {@code wait} how it ended. */
    static native long awaitAsync(Wait wait, long handle, long timeout);

    /** Whether the wait will never tell: false if it has, or is about to. */
    static native boolean cancelWait(long wait);

    static native void releaseWait(long wait);

    /** Begins an open, which tells {@code opening} how it ended, on the thread of {@link #deliver}. */
    static native long openAsync(Opening opening, String name, int flags, long[] numbers, String directory);

    /** Whether the open will never tell: false if it has, or is about to. */
    static native boolean cancelOpen(long open);

    static native void releaseOpen(long open);

    /** Tells waits and opens how they ended; never returns. */
    static native void deliver();
}
