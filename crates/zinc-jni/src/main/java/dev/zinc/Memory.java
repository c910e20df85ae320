// Byte buffers over parts of a region, which keep its memory mapped and its owner alive.

package dev.zinc;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/** Makes direct buffers over views. */
final class Memory {
    private Memory() {}

    /**
     * A buffer over {@code length} bytes from {@code offset} on. It takes the view over, and releases it when neither
     * it nor any buffer made of it can be reached.
     */
    static ByteBuffer buffer(SharedRegion region, long view, long offset, int length) {
        ByteBuffer whole;
        try {
            whole = Native.buffer(view, offset, length);
        } catch (Throwable failure) {
            Native.releaseView(view);
            throw failure;
        }
        // Every duplicate, slice and typed buffer refers to the buffer that native code made.
        Held.untilGarbage(whole, release(region, view));
        return (region.isReadOnly() ? whole.asReadOnlyBuffer() : whole).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * What releases a view. It refers to the region if that is its owner: for as long as something is to be released,
     * the owner is reachable, and does not end the region as garbage.
     */
    static Runnable release(SharedRegion region, long view) {
        SharedRegion owner = region instanceof OwnedRegion ? region : null;
        return () -> {
            Native.releaseView(view);
            Reference.reachabilityFence(owner);
        };
    }

    /** The offset and length of a window, checked. */
    static void check(long offset, int length, long size) {
        if (length < 0) {
            throw new IndexOutOfBoundsException("a length of " + length);
        }
        Objects.checkFromIndexSize(offset, length, size);
    }
}
