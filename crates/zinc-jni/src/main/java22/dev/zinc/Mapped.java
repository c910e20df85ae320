// Memory segments over regions and tensors, for Java 22 and newer. The API is otherwise the same on every Java.

package dev.zinc;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Memory of a region. */
abstract class Mapped {
    /** Ends the segments that end with the region; null if there are none. */
    private Arena arena;

    Mapped() {}

    /** The region that the memory is part of. */
    abstract SharedRegion region();

    /** A native view of it, which the caller must release. */
    abstract long newView();

    /** How much of the region it is, from the first byte on. */
    abstract long byteSize();

    /**
     * All of it as one segment, of whatever size, that ends with the region: after {@link SharedRegion#close()} every
     * access throws {@link IllegalStateException}, on any thread, and never crashes. Java 22 and newer.
     *
     * <p>The segment may be used by any thread. It cannot be written to if the region is
     * {@link SharedRegion#isReadOnly() read-only}. Native access must be enabled, as for loading the native library. A
     * region that is not closed keeps its memory until the process ends, once this was called.
     *
     * @return the segment
     * @throws ClosedException if the region is closed
     */
    public MemorySegment segment() {
        return segment(region().arena());
    }

    /**
     * All of it as one segment, of whatever size, that ends with {@code arena}. It stays valid when the region is
     * closed, and when its owner is gone: the arena keeps the memory mapped. Java 22 and newer.
     *
     * @param arena the segment's arena: whose threads may use it, and until when
     * @return the segment
     * @throws ClosedException if the region is closed
     * @throws IllegalStateException if the arena is closed
     */
    @SuppressWarnings("restricted") // The view keeps the memory mapped until the arena ends.
    public MemorySegment segment(Arena arena) {
        long view = newView();
        MemorySegment segment;
        try {
            segment = MemorySegment.ofAddress(Native.address(view))
                    .reinterpret(byteSize(), arena, ended -> Native.releaseView(view));
        } catch (Throwable failure) {
            Native.releaseView(view);
            throw failure;
        }
        return region().isReadOnly() ? segment.asReadOnly() : segment;
    }

    /** For regions: the arena that ends with this one. */
    synchronized Arena arena() {
        if (arena == null) {
            arena = Arena.ofShared();
        }
        return arena;
    }

    /** Ends the segments that end with the region. The handle is closed before, so that no new ones come. */
    synchronized void endSegments() {
        if (arena != null) {
            arena.close();
            arena = null;
        }
    }
}
