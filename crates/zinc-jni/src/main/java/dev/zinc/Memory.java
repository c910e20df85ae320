// Byte buffers over parts of a region, which keep its memory mapped.

package dev.zinc;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/** Makes direct buffers over views. */
final class Memory {
    private Memory() {}

    /**
     * A buffer over {@code length} bytes from {@code offset} on. It takes the view over, and gives it back when neither
     * it nor any buffer made of it can be reached.
     */
    static ByteBuffer buffer(long view, long offset, int length, boolean readOnly) {
        ByteBuffer whole;
        try {
            whole = Native.buffer(view, offset, length);
        } catch (Throwable failure) {
            Native.releaseView(view);
            throw failure;
        }
        // Every duplicate, slice and typed buffer refers to the buffer that native code made.
        Native.whenGarbage(whole, () -> Native.releaseView(view));
        return (readOnly ? whole.asReadOnlyBuffer() : whole).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The offset and length of a window, checked. */
    static void check(long offset, int length, long size) {
        if (length < 0) {
            throw new IndexOutOfBoundsException("a length of " + length);
        }
        Objects.checkFromIndexSize(offset, length, size);
    }
}
