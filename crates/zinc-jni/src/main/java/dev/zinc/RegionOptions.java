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
public final class RegionOptions extends Choices {
    private final int flags;
    private final long[] numbers;
    private final String directory;

    /** The defaults. */
    public RegionOptions() {
        this(0, new long[NUMBERS], null);
    }

    private RegionOptions(int flags, long[] numbers, String directory) {
        this.flags = flags;
        this.numbers = numbers;
        this.directory = directory;
    }

    @Override
    RegionOptions flag(int flag, boolean set) {
        return new RegionOptions(set ? flags | flag : flags & ~flag, numbers, directory);
    }

    @Override
    RegionOptions number(int place, long number) {
        long[] changed = numbers.clone();
        changed[place] = number;
        return new RegionOptions(flags, changed, directory);
    }

    @Override
    RegionOptions path(Path path) {
        return new RegionOptions(flags, numbers, path.toString());
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
        return new OwnedRegion(Native.create(requireNonNull(name), size(name, capacity), flags, numbers, directory));
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
                Native.createTensor(requireNonNull(name), dtype.code(), lengths(shape), flags, numbers, directory));
    }

    /**
     * Opens a region that exists, or comes into being within the {@link #timeout(Duration) timeout}. Interrupting the
     * thread ends the waiting at once.
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
            boolean elsewhere = numbers[TIMEOUT] != Timeouts.POLL && Elsewhere.isNeeded();
            return elsewhere ? Elsewhere.call(() -> opened(name)) : opened(name);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            var why = "the thread was interrupted while it waited for the region";
            throw new WaitInterruptedException(ZincException.Details.of("open", name, why));
        }
    }

    private SharedRegion opened(String name) throws InterruptedException {
        requireNonNull(name);
        if (numbers[TIMEOUT] == Timeouts.POLL) {
            return new SharedRegion(Native.open(name, flags, numbers, directory, null, 0));
        }
        try (var cancel = new Cancel()) {
            var sleep = new Sleep(cancel::fire);
            return new SharedRegion(Native.open(name, flags, numbers, directory, sleep, cancel.handle()));
        }
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
                requireNonNull(name), size(name, capacity), flags, numbers, directory);
        return Native.isOwner(handle) ? new OwnedRegion(handle) : new SharedRegion(handle);
    }

    /**
     * The regions in the {@link #directory(Path) directory} that this user may read, by name.
     *
     * @return what is known of each
     * @throws NotFoundException if there is no such directory
     */
    public List<RegionInfo> list() {
        return Arrays.stream(Native.list(flags, numbers, directory)).map(RegionInfo.class::cast).toList();
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
        Native.remove(requireNonNull(name), flags, numbers, directory);
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
