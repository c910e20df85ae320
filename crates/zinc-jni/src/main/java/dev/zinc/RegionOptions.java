// How to make and find regions, beyond the defaults.

package dev.zinc;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * How to create or open a region. Every option has a default; the shortcuts on {@link SharedRegion} use all defaults.
 * A call ignores the options that other calls take. Options are immutable: each method returns new ones.
 *
 * <pre>{@code
 * var options = new RegionOptions().directory(Path.of("/dev/shm/team")).mode(0640);
 * try (var camera = options.create("camera", 4096)) { ... }
 * try (var reader = options.readOnly(true).timeout(Duration.ofSeconds(5)).open("camera")) { ... }
 * }</pre>
 */
public final class RegionOptions extends Choices {
    /** {@code ENOMEM}, {@code ENFILE} and {@code EMFILE}, which have these numbers on every Unix. */
    private static final Set<Integer> SCARCE = Set.of(12, 23, 24);

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
        return new RegionOptions(flags, numbers, requireNonNull(path, "path").toString());
    }

    /**
     * Creates a region of {@code capacity} bytes, all zero, and owns it. The memory is reserved before this returns,
     * which takes time if it is large. A region whose owner died does not count: its name and memory are taken back.
     *
     * @param name 1 to 128 of the characters {@code A-Z a-z 0-9 . _ -}, not starting with a dot
     * @param capacity the size in bytes, which never changes
     * @return the owner
     * @throws AlreadyExistsException if a living process owns a region of that name, or a persistent one has it
     * @throws NoSpaceException if the memory cannot be reserved
     * @throws InvalidNameException if the name is not one
     * @throws InvalidSizeException if the capacity is below 1 or too large
     * @throws InvalidArgumentException if an option means nothing, such as a mode without the owner's rights
     */
    public OwnedRegion create(String name, long capacity) {
        long size = size("create", requireNonNull(name, "name"), capacity);
        return new OwnedRegion(
                withRoom(() -> Native.create(name, size, flags, numbers, directory)));
    }

    /**
     * Creates a region that has just the size for a tensor and says so, so that readers need to be told nothing.
     *
     * @param name as for {@link #create(String, long)}
     * @param dtype the type of the elements
     * @param shape the lengths, outermost first, at most eight; none is a single element
     * @return the owner
     * @throws DescriptorException if the shape is impossible
     * @throws InvalidArgumentException if a length is negative
     * @throws AlreadyExistsException as {@link #create(String, long)} throws it; its other exceptions, too
     */
    public OwnedRegion createTensor(String name, DType dtype, long... shape) {
        requireNonNull(name, "name");
        int code = requireNonNull(dtype, "dtype").code();
        long[] lengths = lengths("createTensor", name, shape);
        return new OwnedRegion(
                withRoom(() -> Native.createTensor(name, code, lengths, flags, numbers, directory)));
    }

    /**
     * Opens a region that exists, or comes into being within the {@link #timeout(Duration) timeout}. Interrupting the
     * thread ends the waiting at once.
     *
     * @param name the region's name
     * @return a peer
     * @throws NotFoundException if there is no region of that name, or its owner died
     * @throws WrongOwnerException if it belongs to another user, whom neither {@link #acceptOwner(long)} nor
     *     {@link #acceptGroup(long)} accepts
     * @throws PermissionDeniedException if its mode forbids it; where it allows reading, use
     *     {@link #readOnly(boolean)}
     * @throws InvalidArgumentException if the options exclude each other
     * @throws NotARegionException if the file of that name is no region
     * @throws VersionMismatchException if the region is of another layout version
     * @throws WaitInterruptedException if the thread was interrupted; its interrupt status stays set
     */
    public SharedRegion open(String name) {
        requireNonNull(name, "name");
        try {
            boolean elsewhere = numbers[TIMEOUT] != Timeouts.POLL && Elsewhere.isNeeded();
            return elsewhere ? Elsewhere.call(() -> opened(name)) : opened(name);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            var why = "the thread was interrupted while it waited for the region to appear";
            throw new WaitInterruptedException(ZincException.Details.of("open", name, why));
        }
    }

    /**
     * Opens a region as {@link #open(String)} does, without a thread that waits for it to appear.
     *
     * <p>The future's value is the peer, or it fails with what {@link #open(String)} throws. Cancelling it, or
     * completing it from outside in another way such as {@link CompletableFuture#orTimeout}, ends the open at once, and
     * no handle is left open. If it is too late for that, {@link CompletableFuture#cancel} returns false and the region
     * is the future's value. What depends on the future may block: it runs on a daemon thread from a pool of Zinc's.
     *
     * <pre>{@code
     * new RegionOptions().timeout(SharedRegion.FOREVER).openAsync("camera").thenAccept(region -> show(region));
     * }</pre>
     *
     * @param name the region's name
     * @return the future
     * @throws SystemCallException if the system starts no thread that could wait
     */
    public CompletableFuture<SharedRegion> openAsync(String name) {
        return new Opening(requireNonNull(name, "name"), flags, numbers, directory);
    }

    private SharedRegion opened(String name) throws InterruptedException {
        return new SharedRegion(withRoom(() -> {
            if (numbers[TIMEOUT] == Timeouts.POLL) {
                return Native.open(name, flags, numbers, directory, null, 0);
            }
            try (var cancel = new Cancel()) {
                var sleep = new Sleep(cancel::fire);
                return Native.open(name, flags, numbers, directory, sleep, cancel.handle());
            }
        }));
    }

    /** What makes a native object. */
    private interface Attempt<E extends Exception> {
        long run() throws E;
    }

    /**
     * Makes a native object; where files, mappings or memory have run out, once more after a collection. Regions that
     * are garbage hold all three, and the JVM does not know when those become scarce.
     */
    private static <E extends Exception> long withRoom(Attempt<E> attempt) throws E {
        try {
            return attempt.run();
        } catch (ZincException full) {
            if (!SCARCE.contains(full.osError().orElse(0))) {
                throw full;
            }
            Held.collect();
            return attempt.run();
        }
    }

    /**
     * Opens the region if it exists, else creates it: the first caller owns it. It does not wait.
     *
     * @param name as for {@link #create(String, long)}
     * @param capacity the size in bytes; a region that exists must have at least as many
     * @return an {@link OwnedRegion} if this call created it, else a peer
     * @throws InvalidSizeException if it exists and is smaller
     * @throws PermissionDeniedException as {@link #open(String)} throws it; its other exceptions and those of
     *     {@link #create(String, long)}, too
     */
    public SharedRegion openOrCreate(String name, long capacity) {
        long size = size("openOrCreate", requireNonNull(name, "name"), capacity);
        long handle = withRoom(() -> Native.openOrCreate(name, size, flags, numbers, directory));
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
     * Removes a persistent region, or what a dead owner left. Handles that have it open keep it, and their waits fail
     * with {@link ClosedException}.
     *
     * @param name the region's name
     * @throws NotFoundException if there is no region of that name
     * @throws PermissionDeniedException if its owner is alive, because only the owner may end it, or if this user may
     *     not
     */
    public void remove(String name) {
        Native.remove(requireNonNull(name, "name"), flags, numbers, directory);
    }

    /** A size that is not negative: the core has no word for those. */
    private static long size(String operation, String name, long capacity) {
        if (capacity < 0) {
            var why = "the argument capacity is " + capacity + "; give a number of bytes from 1 on";
            throw new InvalidSizeException(ZincException.Details.of(operation, name, why));
        }
        return capacity;
    }

    /** A shape without negative lengths: the core has no word for those. */
    static long[] lengths(String operation, String name, long[] shape) {
        for (long length : requireNonNull(shape, "shape")) {
            if (length < 0) {
                var why = "the argument shape is " + Arrays.toString(shape) + "; give lengths from 0 on";
                throw new InvalidArgumentException(ZincException.Details.of(operation, name, why));
            }
        }
        return shape;
    }
}
