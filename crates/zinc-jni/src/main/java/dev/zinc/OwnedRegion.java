// What only the creator of a region can do.

package dev.zinc;

import static java.util.Objects.requireNonNull;

import java.lang.ref.Reference;

/**
 * A region that this process created: a {@link SharedRegion} that can also link, unlink, persist and describe it.
 *
 * <p>When it is closed, or its process ends, the name goes, the region is closed for everyone, and pending waits fail
 * with {@link ClosedException}. When its process is killed, they fail with {@link OwnerDiedException}
 * within a second after the kernel has closed its files.
 *
 * <p>An owner that is garbage is closed, too. Its buffers, its tensors and its segments keep it: a program that uses
 * only one of those keeps the region. {@link #close()} ends the region at once all the same.
 */
public final class OwnedRegion extends SharedRegion {
    OwnedRegion(long handle) {
        super(handle);
    }

    /**
     * Gives a region that was created {@linkplain RegionOptions#unlinked(boolean) unlinked} its name, under which
     * everybody can open it from now on: fill it first, and no reader ever sees it unfilled. Linking a region that has
     * its name does nothing.
     *
     * <pre>{@code
     * try (var region = new RegionOptions().unlinked(true).create("model", 4096)) {
     *     region.byteBuffer().putFloat(0, 1.5f);
     *     region.link();
     *     ...
     * }
     * }</pre>
     *
     * @throws AlreadyExistsException if a living process owns a region of that name, or a persistent one has it
     * @throws UnsupportedException if the region has had its name and lost it
     * @throws ClosedException if this handle is closed
     * @throws PermissionDeniedException if this user may not
     */
    public void link() {
        try {
            Native.link(handle);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Whether the region can be found under its name now. It cannot before {@link #link()} or after {@link #unlink()},
     * nor after somebody else has removed its file: {@code rm}, or {@code systemd} with {@code RemoveIPC} when the
     * user's last session ends.
     *
     * @return whether the name leads to this region
     * @throws ClosedException if this handle is closed
     */
    public boolean isNamed() {
        try {
            return Native.isNamed(handle);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Takes the name away now. Nobody can open the region any more, and the name is free for a new one; this handle,
     * its peers and their buffers go on working. Closing takes the name away, too.
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
     * Lets the region outlive this handle and its process. From now on only {@link SharedRegion#remove(String)} and
     * {@link #unlink()} end it, and no wait on it fails with {@link OwnerDiedException}. Doing it twice is fine.
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
     * @throws InvalidArgumentException if a length is negative
     * @throws ClosedException if this handle is closed
     */
    public void describe(DType dtype, long... shape) {
        try {
            Native.describe(
                    handle, requireNonNull(dtype, "dtype").code(), RegionOptions.lengths("describe", name(), shape));
        } finally {
            Reference.reachabilityFence(this);
        }
    }
}
