// What only the creator of a region can do.

package dev.zinc;

import java.lang.ref.Reference;

/**
 * A region that this process created: a {@link SharedRegion} that can also unlink, persist and describe it.
 *
 * <p>When it is closed, is garbage, or its process ends, the name goes, the region is closed for everyone, and whoever
 * waits gets {@link ClosedException}. When its process is killed they get {@link OwnerDiedException} within a second
 * after the kernel has closed its files.
 * So keep the owner where it can be reached for as long as others are to use the region: buffers alone do not keep it.
 */
public final class OwnedRegion extends SharedRegion {
    OwnedRegion(long handle) {
        super(handle);
    }

    /**
     * Takes the name away now. Nobody can open the region any more, and the name is free for a new one; this handle,
     * its peers and their buffers go on working. Closing does the same in its time.
     *
     * @throws ClosedException if this handle is closed
     */
    public void unlink() {
        try {
            Native.unlink(handle);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Lets the region outlive this handle and its process. From now on nothing ends it but
     * {@link SharedRegion#remove(String)} and {@link #unlink()}, and whoever waits on it gets no
     * {@link OwnerDiedException}. Doing it twice is fine.
     *
     * @throws ClosedException if this handle is closed
     */
    public void persist() {
        try {
            Native.persist(handle);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Says what the data is, so that readers need to be told nothing. Peers see the new description at once, and never
     * half of one.
     *
     * @param dtype the type of the elements, which start at the first byte, row-major
     * @param shape the lengths, outermost first, at most eight; none is a single element
     * @throws DescriptorException if the tensor does not fit, or has too many dimensions
     * @throws ClosedException if this handle is closed
     */
    public void describe(DType dtype, long... shape) {
        try {
            Native.describe(handle, dtype.code(), RegionOptions.lengths(shape));
        } finally {
            Reference.reachabilityFence(this);
        }
    }
}
