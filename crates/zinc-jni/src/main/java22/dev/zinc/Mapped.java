// Memory segments over regions and tensors, for Java 22 and newer. The API is otherwise the same on every Java.

package dev.zinc;

import static java.util.Objects.requireNonNull;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;

/** Memory of a region. */
abstract class Mapped {
    /** What segments of the global arena keep. That arena never ends, and keeps nothing of what is told to it. */
    private static final Queue<Runnable> FOR_EVER = new ConcurrentLinkedQueue<>();

    /** For regions: what all segments that end with this region are parts of; null if there are none. */
    private MemorySegment whole;

    /** The arena of {@link #whole}. */
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
     * {@link SharedRegion#isReadOnly() read-only}. It keeps the region's handle, so that one that nobody closes ends
     * when neither it nor the segment can be reached. Native access must be enabled, as for loading the native library.
     *
     * @return the segment
     * @throws ClosedException if the region is closed
     */
    public MemorySegment segment() {
        return ((Mapped) region()).whole().asSlice(0, byteSize());
    }

    /**
     * All of it as one segment, of whatever size, that ends with {@code arena}. It stays valid when the region is
     * closed, and when its owner is gone: the arena keeps the memory mapped. It keeps an owner that nobody closes from
     * ending the region as garbage. Java 22 and newer.
     *
     * @param arena the segment's arena, which says which threads may use it, and until when
     * @return the segment
     * @throws ClosedException if the region is closed
     * @throws IllegalStateException if the arena is closed
     */
    public MemorySegment segment(Arena arena) {
        requireNonNull(arena, "arena");
        long view = newView();
        Runnable release = Memory.release(region(), view);
        if (arena.scope().equals(Arena.global().scope())) {
            FOR_EVER.add(release);
        }
        return over(view, byteSize(), arena, release);
    }

    /** For regions: the segment that ends with this one. It refers to the region by what is run at its end. */
    private synchronized MemorySegment whole() {
        if (whole == null) {
            long view = newView();
            var released = new AtomicBoolean();
            Runnable release = () -> {
                if (released.compareAndSet(false, true)) {
                    Native.releaseView(view);
                }
            };
            // At the end of the arena; or without one, where neither the region nor a segment can be reached.
            Held.untilGarbage(this, release);
            var shared = Arena.ofShared();
            whole = over(view, byteSize(), shared, () -> {
                release.run();
                java.lang.ref.Reference.reachabilityFence(this);
            });
            arena = shared;
        }
        return whole;
    }

    /** The first bytes of a view, which {@code release} gives back when the arena ends, or at once if this fails. */
    @SuppressWarnings("restricted") // The view keeps the memory mapped until the arena ends.
    private MemorySegment over(long view, long size, Arena arena, Runnable release) {
        MemorySegment segment;
        try {
            segment = MemorySegment.ofAddress(Native.address(view)).reinterpret(size, arena, ended -> release.run());
        } catch (Throwable failure) {
            release.run();
            throw failure;
        }
        return region().isReadOnly() ? segment.asReadOnly() : segment;
    }

    /** Ends the segments that end with the region. The handle is closed before, so that no new ones come. */
    synchronized void endSegments() {
        if (arena != null) {
            arena.close();
            arena = null;
            whole = null;
        }
    }
}
