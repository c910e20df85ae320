// How to make and find regions, beyond the defaults.

package dev.zinc;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/**
 * How to create or open a region. Every choice has a default; the shortcuts on {@link SharedRegion} use them all.
 * Options do not change: each method gives new ones.
 *
 * <pre>{@code
 * var options = new RegionOptions().directory(Path.of("/dev/shm/team")).mode(0640);
 * try (var camera = options.create("camera", 4096)) { ... }
 * try (var reader = options.readOnly(true).timeout(Duration.ofSeconds(5)).open("camera")) { ... }
 * }</pre>
 */
public final class RegionOptions {
    private static final int UNRESERVED = 1;
    private static final int PREFAULT = 2;
    private static final int PERSISTENT = 4;
    private static final int READ_ONLY = 8;

    private static final long UNSAID = -1;

    private final String directory;
    private final int flags;
    private final int mode;
    private final long acceptOwner;
    private final long spin;
    private final long timeout;

    /** The defaults. */
    public RegionOptions() {
        this(null, 0, (int) UNSAID, UNSAID, UNSAID, Timeouts.POLL);
    }

    private RegionOptions(String directory, int flags, int mode, long acceptOwner, long spin, long timeout) {
        this.directory = directory;
        this.flags = flags;
        this.mode = mode;
        this.acceptOwner = acceptOwner;
        this.spin = spin;
        this.timeout = timeout;
    }

    private RegionOptions flag(int flag, boolean set) {
        int changed = set ? flags | flag : flags & ~flag;
        return new RegionOptions(directory, changed, mode, acceptOwner, spin, timeout);
    }

    /**
     * Where regions live: a directory on a tmpfs or hugetlbfs.
     *
     * @param directory the directory; the default is the environment's {@code ZINC_DIR}, else {@code /dev/shm}
     * @return options with it
     */
    public RegionOptions directory(Path directory) {
        return new RegionOptions(directory.toString(), flags, mode, acceptOwner, spin, timeout);
    }

    /**
     * Create: who may open the region. The umask does not touch it, and the owner itself always may. Who may only read
     * ({@code 0640}, say) opens {@link #readOnly(boolean) read-only}.
     *
     * @param mode permission bits; the default is {@code 0600}, this user alone
     * @return options with it
     */
    public RegionOptions mode(int mode) {
        return new RegionOptions(directory, flags, mode & 0777, acceptOwner, spin, timeout);
    }

    /**
     * Create: whether to take all the memory now, so that using it cannot fail later. A region that is not reserved
     * takes memory as it is written to, and kills the JVM with SIGBUS, or an {@link InternalError}, when there is none
     * left.
     *
     * @param reserve whether to; the default is true
     * @return options with it
     */
    public RegionOptions reserve(boolean reserve) {
        return flag(UNRESERVED, !reserve);
    }

    /**
     * Create, open: whether to map every page now, so that the first touch of each costs nothing.
     *
     * @param prefault whether to; the default is false
     * @return options with it
     */
    public RegionOptions prefault(boolean prefault) {
        return flag(PREFAULT, prefault);
    }

    /**
     * Create: whether the region outlives its owner from the start, as after {@link OwnedRegion#persist()}.
     *
     * @param persistent whether it does; the default is false
     * @return options with it
     */
    public RegionOptions persistent(boolean persistent) {
        return flag(PERSISTENT, persistent);
    }

    /**
     * Open: whether to map the data without the right to write. Buffers are read-only then. Where the file itself may
     * only be read, the handle cannot {@link SharedRegion#signal() signal}, and waits by sleeps of up to 4 ms.
     *
     * @param readOnly whether to; the default is false
     * @return options with it
     */
    public RegionOptions readOnly(boolean readOnly) {
        return flag(READ_ONLY, readOnly);
    }

    /**
     * Open: a user whose regions are welcome, beside the caller's own and root's.
     *
     * @param user the user's id; the default is none
     * @return options with it
     */
    public RegionOptions acceptOwner(long user) {
        if (user < 0 || user > 0xffff_ffffL) {
            throw new IllegalArgumentException(user + " is no user id");
        }
        return new RegionOptions(directory, flags, mode, user, spin, timeout);
    }

    /**
     * Create, open: how long a wait may look again and again before it sleeps. Within this bound it adapts itself.
     *
     * @param limit the longest time, and zero to sleep at once; the default is the environment's
     *     {@code ZINC_SPIN_US} in
     *     microseconds, else 50 µs
     * @return options with it
     */
    public RegionOptions spin(Duration limit) {
        return new RegionOptions(directory, flags, mode, acceptOwner, Timeouts.of(limit), timeout);
    }

    /**
     * Open: how long to wait for a region that does not exist yet. Readers are often started first.
     *
     * @param timeout how long; the default is not at all
     * @return options with it
     */
    public RegionOptions timeout(Duration timeout) {
        return new RegionOptions(directory, flags, mode, acceptOwner, spin, Timeouts.of(timeout));
    }

    /**
     * Creates a region of {@code capacity} bytes, all zero, and owns it. The memory is really reserved, which takes
     * time if it is large. The remains of a region whose owner died do not count as a region.
     *
     * @param name 1 to 128 of the characters {@code A-Z a-z 0-9 . _ -}, not starting with a dot
     * @param capacity the size in bytes, which never changes
     * @return the owner
     * @throws AlreadyExistsException if a living process owns a region of that name, or a persistent one has it
     * @throws NoSpaceException if the memory cannot be reserved
     * @throws InvalidNameException if the name is not one
     * @throws InvalidSizeException if the capacity is not one
     */
    public OwnedRegion create(String name, long capacity) {
        return new OwnedRegion(Native.create(requireNonNull(name), size(name, capacity), directory, flags, mode, spin));
    }

    /**
     * Creates a region that has just the size for a tensor and says so, so that readers need to be told nothing.
     *
     * @param name as for {@link #create(String, long)}
     * @param dtype the type of the elements
     * @param shape the lengths, outermost first, at most eight; none is a single element
     * @return the owner
     * @throws DescriptorException if the shape is impossible
     * @throws AlreadyExistsException as {@link #create(String, long)} throws it, and what else that throws
     */
    public OwnedRegion createTensor(String name, DType dtype, long... shape) {
        return new OwnedRegion(
                Native.createTensor(requireNonNull(name), dtype.code(), lengths(shape), directory, flags, mode, spin));
    }

    /**
     * Opens a region that exists, or comes into being within the {@link #timeout(Duration) timeout}. Interrupting the
     * thread ends the waiting within a second.
     *
     * @param name the region's name
     * @return a peer
     * @throws NotFoundException if there is no region of that name, or its owner died
     * @throws WrongOwnerException if it belongs to another user, whom {@link #acceptOwner(long)} does not name
     * @throws PermissionDeniedException if its mode forbids it; if it does not forbid reading,
     *     {@link #readOnly(boolean)} helps
     * @throws NotARegionException if the file of that name is no region
     * @throws VersionMismatchException if the region is of another layout version
     * @throws WaitInterruptedException if the thread was interrupted, and it still is
     */
    public SharedRegion open(String name) {
        try {
            boolean elsewhere = timeout != Timeouts.POLL && Elsewhere.isNeeded();
            return elsewhere ? Elsewhere.call(() -> opened(name)) : opened(name);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            var why = "the thread was interrupted while it waited for the region";
            throw new WaitInterruptedException(ZincException.Details.of("open", name, why));
        }
    }

    private SharedRegion opened(String name) throws InterruptedException {
        return new SharedRegion(Native.open(requireNonNull(name), timeout, directory, flags, acceptOwner, spin));
    }

    /**
     * Opens the region if it exists, else creates it: whoever comes first owns it. The timeout does not count.
     *
     * @param name as for {@link #create(String, long)}
     * @param capacity the size in bytes, of which a region that exists must have at least as many
     * @return an {@link OwnedRegion} if this call created it, else a peer
     * @throws InvalidSizeException if it exists and is smaller
     * @throws AlreadyExistsException as {@link #create(String, long)} and {@link #open(String)} throw it, and what
     *     else those
     *     throw
     */
    public SharedRegion openOrCreate(String name, long capacity) {
        long handle = Native.openOrCreate(
                requireNonNull(name), size(name, capacity), directory, flags, mode, acceptOwner, spin);
        return Native.isOwner(handle) ? new OwnedRegion(handle) : new SharedRegion(handle);
    }

    /**
     * The regions in the {@link #directory(Path) directory} that this user may read, by name.
     *
     * @return what is known of each
     * @throws NotFoundException if there is no such directory
     */
    public List<RegionInfo> list() {
        return Arrays.stream(Native.list(directory)).map(RegionInfo.class::cast).toList();
    }

    /**
     * Takes away a persistent region, or what a dead owner left. Whoever has it open keeps it, and whoever waits on it
     * gets {@link ClosedException}.
     *
     * @param name the region's name
     * @throws NotFoundException if there is no region of that name
     * @throws PermissionDeniedException if its owner is alive, who alone may end it, or if this user may not
     */
    public void remove(String name) {
        Native.remove(requireNonNull(name), directory);
    }

    /** A size that is not negative: the core has no word for those. */
    private static long size(String name, long capacity) {
        if (capacity < 0) {
            var why = "a capacity of " + capacity + " bytes; give a number from 1 on";
            throw new InvalidSizeException(ZincException.Details.of("create", name, why));
        }
        return capacity;
    }

    /** A shape without negative lengths: the core has no word for those. */
    static long[] lengths(long[] shape) {
        for (long length : shape) {
            if (length < 0) {
                throw new IllegalArgumentException("a length of " + length + " in " + Arrays.toString(shape));
            }
        }
        return shape;
    }
}
