// A handle on a region, and everything that both owners and peers can do with it.

package dev.zinc;

import static java.util.Objects.requireNonNull;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;

/**
 * Named memory that processes on one machine share, whatever language they are written in.
 *
 * <p>{@link #create(String, long)} makes one and returns its {@linkplain OwnedRegion owner}; {@link #open(String)}
 * returns a peer, which has no way to unlink it. {@link RegionOptions} has more options.
 *
 * <h2>Threads</h2>
 *
 * All methods may be called from any thread. Threads that share one handle share its position: a notification that
 * ended the wait of one of them does not end the next wait of another. {@link #duplicate()} returns a handle with a
 * position of its own. A virtual thread that waits does not keep its carrier.
 *
 * <h2>Plain reads and writes</h2>
 *
 * What was written before a {@link #signal()} is visible after the wait that it ends. Beyond that the bytes are memory
 * that other processes write to at any time: for anything finer use a {@link java.lang.invoke.VarHandle}.
 *
 * <h2>The end</h2>
 *
 * {@link #close()} ends the handle, and so does garbage collection. Buffers and tensors taken from it stay valid. Those
 * of an {@link OwnedRegion} keep it from being garbage, so that the region lasts for as long as they are used.
 *
 * <h2>Wrong arguments</h2>
 *
 * Null is a {@link NullPointerException} that names the argument, and everything else that an argument cannot be is an
 * {@link InvalidArgumentException} or a narrower {@link ZincException}, unless a method says otherwise.
 */
public sealed class SharedRegion extends Mapped implements AutoCloseable permits OwnedRegion {
    /**
     * The timeout that never ends, wherever a {@link Duration} is one. A duration below zero is no such thing: it says
     * that nothing is left, and polls.
     */
    public static final Duration FOREVER = Duration.ofSeconds(Long.MAX_VALUE, 999_999_999);

    /**
     * The native object, which a cleaner releases. It outlives {@link #close()}, so that calls may come at any time.
     */
    final long handle;

    private final RegionInfo info;
    private final boolean readOnly;
    private final Notifications notifications = new Notifications(this);

    SharedRegion(long handle) {
        this.handle = handle;
        Held.untilGarbage(this, () -> Native.release(handle));
        info = Native.info(handle);
        readOnly = Native.isReadOnly(handle);
    }

    /**
     * Creates a region of {@code capacity} bytes, all zero, under {@code name}, and owns it.
     *
     * @param name 1 to 128 of the characters {@code A-Z a-z 0-9 . _ -}, not starting with a dot
     * @param capacity the size in bytes, which never changes
     * @return the owner
     * @throws AlreadyExistsException if a living process owns a region of that name, or a persistent one has it
     * @throws NoSpaceException if the memory cannot be reserved
     * @throws InvalidNameException if the name is not one
     * @throws InvalidSizeException if the capacity is not one
     */
    public static OwnedRegion create(String name, long capacity) {
        return new RegionOptions().create(name, capacity);
    }

    /**
     * Creates a region that has just the size for a tensor and says so, so that readers need to be told nothing.
     *
     * <pre>{@code
     * var frame = SharedRegion.createTensor("frame", DType.UINT8, 1080, 1920, 3);
     * }</pre>
     *
     * @param name as for {@link #create(String, long)}
     * @param dtype the type of the elements
     * @param shape the lengths, outermost first, at most eight; none is a single element
     * @return the owner
     * @throws DescriptorException if the shape is impossible
     * @throws AlreadyExistsException as {@link #create(String, long)} throws it; its other exceptions, too
     */
    public static OwnedRegion createTensor(String name, DType dtype, long... shape) {
        return new RegionOptions().createTensor(name, dtype, shape);
    }

    /**
     * Opens a region that exists. To wait for one to appear, see {@link #open(String, Duration)}.
     *
     * @param name the region's name
     * @return a peer
     * @throws NotFoundException if there is no region of that name, or its owner died
     * @throws WrongOwnerException if it belongs to another user than the caller or root
     * @throws PermissionDeniedException if its mode forbids it
     * @throws NotARegionException if the file of that name is no region
     * @throws VersionMismatchException if the region is of another layout version
     */
    public static SharedRegion open(String name) {
        return new RegionOptions().open(name);
    }

    /**
     * Opens a region that exists, or waits until it appears. Interrupting the thread ends the waiting at once.
     *
     * @param name the region's name
     * @param timeout how long to wait at most; zero and less do not wait, and {@link #FOREVER} never ends
     * @return a peer
     * @throws NotFoundException if no region of that name appeared in time
     * @throws WaitInterruptedException if the thread was interrupted; its interrupt status stays set
     * @throws WrongOwnerException as {@link #open(String)} throws it; its other exceptions, too
     */
    public static SharedRegion open(String name, Duration timeout) {
        return new RegionOptions().timeout(timeout).open(name);
    }

    /**
     * Opens a region, or waits until it appears, without a thread; see {@link RegionOptions#openAsync(String)}.
     *
     * @param name the region's name
     * @param options how to; their {@linkplain RegionOptions#timeout(Duration) timeout} says how long to wait
     * @return the future, which can be cancelled
     * @throws SystemCallException if the system starts no thread that could wait
     */
    public static CompletableFuture<SharedRegion> openAsync(String name, RegionOptions options) {
        return requireNonNull(options, "options").openAsync(name);
    }

    /**
     * Opens the region if it exists, else creates it: the first caller owns it.
     *
     * @param name as for {@link #create(String, long)}
     * @param capacity the size in bytes; a region that exists must have at least as many
     * @return an {@link OwnedRegion} if this call created it, else a peer
     * @throws InvalidSizeException if it exists and is smaller
     * @throws AlreadyExistsException as {@link #create(String, long)} throws it; its other exceptions, too
     */
    public static SharedRegion openOrCreate(String name, long capacity) {
        return new RegionOptions().openOrCreate(name, capacity);
    }

    /**
     * The regions in the default directory that this user may read, by name.
     *
     * @return what is known of each
     */
    public static List<RegionInfo> list() {
        return new RegionOptions().list();
    }

    /**
     * Removes a persistent region, or what a dead owner left.
     *
     * @param name the region's name
     * @throws NotFoundException if there is no region of that name
     * @throws PermissionDeniedException if its owner is alive, because only the owner may end it, or if this user may
     *     not
     */
    public static void remove(String name) {
        new RegionOptions().remove(name);
    }

    /**
     * This library's release.
     *
     * @return such as {@code 0.1.0}
     */
    public static String version() {
        return Native.version();
    }

    @Override
    SharedRegion region() {
        return this;
    }

    @Override
    long byteSize() {
        return capacity();
    }

    @Override
    long newView() {
        try {
            return Native.view(handle);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * The region's name.
     *
     * @return the name
     */
    public String name() {
        return info.name();
    }

    /**
     * Bytes of data: exactly what the creator asked for.
     *
     * @return the size in bytes
     */
    public long capacity() {
        return info.capacity();
    }

    /**
     * What was known of the region when this handle was made.
     *
     * @return among others its file, its creator's process id, and when it was created
     */
    public RegionInfo info() {
        return info;
    }

    /**
     * Whether this handle can only read the data.
     *
     * @return whether buffers are read-only
     */
    public boolean isReadOnly() {
        return readOnly;
    }

    /**
     * A handle of its own on the same memory: with its own position, which starts where this one is, and its own end.
     * That of an owner is a peer.
     *
     * @return the new handle, closed if this one is
     */
    public SharedRegion duplicate() {
        try {
            return new SharedRegion(Native.duplicate(handle));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * The region's bytes, in place.
     *
     * <p>The buffer stays valid for as long as it, or one made of it, can be reached, also when the region is closed.
     * For that long it also keeps an {@link OwnedRegion} that nobody closes, and with it the region. Mind that {@link ByteBuffer#slice()} and {@link ByteBuffer#duplicate()} are big-endian again unless told
     * otherwise.
     *
     * @return a direct buffer in little-endian order, read-only if this handle {@linkplain #isReadOnly() is}
     * @throws UnsupportedException if the region is larger than a buffer can be; take parts, or on Java 22
     *     {@code segment()}
     * @throws ClosedException if this handle is closed
     */
    public ByteBuffer byteBuffer() {
        if (capacity() > Integer.MAX_VALUE) {
            var why = "it has " + capacity() + " bytes, and a ByteBuffer at most " + Integer.MAX_VALUE
                    + "; use byteBuffer(offset, length), or on Java 22 segment()";
            throw new UnsupportedException(ZincException.Details.of("byteBuffer", name(), why));
        }
        return byteBuffer(0, (int) capacity());
    }

    /**
     * Some of the region's bytes, in place: how regions larger than 2 GiB are reached on every Java.
     *
     * @param offset the first byte
     * @param length how many bytes
     * @return as {@link #byteBuffer()} gives it
     * @throws IndexOutOfBoundsException if the region has no such bytes
     * @throws ClosedException if this handle is closed
     */
    public ByteBuffer byteBuffer(long offset, int length) {
        Memory.check(offset, length, capacity());
        return Memory.buffer(this, newView(), offset, length);
    }

    /**
     * What the owner says the data is.
     *
     * @return the description, or nothing if there is none
     * @throws DescriptorException if the region's header is damaged
     * @throws ClosedException if this handle is closed
     */
    public Optional<Descriptor> descriptor() {
        try {
            return Optional.ofNullable(Native.descriptor(handle));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * The described data as typed elements, in place.
     *
     * @return the tensor, which stays valid when the region is closed
     * @throws DescriptorException if the region is not described
     * @throws ClosedException if this handle is closed
     */
    public Tensor tensor() {
        return tensor(descriptor().map(Descriptor::dtype).orElse(DType.UINT8));
    }

    /**
     * The described data as elements of a type that it must have, in place.
     *
     * @param dtype the type
     * @return the tensor, which stays valid when the region is closed
     * @throws DescriptorException if the data is of another type, or not described
     * @throws ClosedException if this handle is closed
     */
    public Tensor tensor(DType dtype) {
        requireNonNull(dtype, "dtype");
        try {
            var view = new long[1];
            Descriptor descriptor = Native.tensor(handle, dtype.code(), view);
            return new Tensor(this, descriptor, view[0]);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Tells every other handle that there is something to look at: what other languages call {@code notify}.
     *
     * <p>It ends the waits of all other handles, {@linkplain #duplicate() duplicates} too, and those that they begin
     * later; it does not end the waits of this handle. All that this process wrote before is visible after those waits.
     * It takes some nanoseconds, and a system call only if somebody sleeps; it never blocks.
     *
     * @throws ClosedException if this handle is closed
     * @throws PermissionDeniedException if this user may only read the region's file
     */
    public void signal() {
        try {
            Native.signal(handle);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Waits for a notification that this handle has not seen, for as long as it takes.
     *
     * <p>Returns at once if there is one already, also from before the region was opened. Several may arrive as one.
     * What the notifier wrote before is visible afterwards. The wait first looks again and again for a short time, then
     * sleeps in the kernel, where it costs nothing. {@link Thread#interrupt()} ends it.
     *
     * @throws InterruptedException if the thread was interrupted, before or meanwhile
     * @throws ClosedException when the owner closes the region, or another thread closes this handle
     * @throws OwnerDiedException within a second after the kernel has closed the files of the owner's dead process
     * @throws WaitInterruptedException if another thread calls {@link #interrupt()}
     */
    public void await() throws InterruptedException {
        awaitNanoseconds(Timeouts.FOREVER);
    }

    /**
     * Waits for a notification that this handle has not seen, as {@link #await()} does.
     *
     * @param milliseconds how long at most; 0 looks once
     * @return false if the time is up
     * @throws InterruptedException if the thread was interrupted, before or meanwhile
     * @throws InvalidArgumentException if the number is negative
     * @throws ClosedException as {@link #await()} throws it; its other exceptions, too
     */
    public boolean await(long milliseconds) throws InterruptedException {
        return awaitNanoseconds(Timeouts.of("await", milliseconds));
    }

    /**
     * Waits for a notification that this handle has not seen, as {@link #await()} does.
     *
     * @param timeout how long at most; zero and less look once, and {@link #FOREVER} never ends
     * @return false if the time is up
     * @throws InterruptedException if the thread was interrupted, before or meanwhile
     * @throws ClosedException as {@link #await()} throws it; its other exceptions, too
     */
    public boolean await(Duration timeout) throws InterruptedException {
        return awaitNanoseconds(Timeouts.of(timeout));
    }

    /**
     * Waits for a notification that this handle has not seen, as {@link #await()} does; in the way of
     * {@link java.util.concurrent}.
     *
     * @param time how long at most; zero and less look once
     * @param unit the unit of {@code time}
     * @return false if the time is up
     * @throws InterruptedException if the thread was interrupted, before or meanwhile
     * @throws ClosedException as {@link #await()} throws it; its other exceptions, too
     */
    public boolean await(long time, TimeUnit unit) throws InterruptedException {
        return awaitNanoseconds(Timeouts.of(time, unit));
    }

    private boolean awaitNanoseconds(long timeout) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        if (Elsewhere.isNeeded()) {
            return Wait.parked(this, timeout);
        }
        return Native.awaitSignal(this, handle, timeout);
    }

    /**
     * Waits for a notification that this handle has not seen, without a thread: for as long as it takes.
     *
     * <p>The future's value is true, or it fails with what {@link #await()} throws. All waits that are pending on one handle
     * end with one notification. Cancelling the future ends the wait at once, and the notification that it waited for is
     * left to the next wait. Everything else that completes the future from outside, such as
     * {@link CompletableFuture#orTimeout}, does the same.
     *
     * <p>What depends on the future may block: it runs on a daemon thread from a pool of Zinc's, unless it is given an
     * executor, by the methods whose names end in {@code Async}. Ten thousand waits need no more threads than one.
     *
     * <pre>{@code
     * region.awaitAsync().thenRun(() -> consume(region.byteBuffer()));
     * }</pre>
     *
     * @return the future
     */
    public CompletableFuture<Boolean> awaitAsync() {
        return Wait.begin(this, Timeouts.FOREVER);
    }

    /**
     * Waits for a notification that this handle has not seen, as {@link #awaitAsync()} does.
     *
     * @param milliseconds how long at most; 0 looks once
     * @return the future, whose value is false if the time is up
     * @throws InvalidArgumentException if the number is negative
     */
    public CompletableFuture<Boolean> awaitAsync(long milliseconds) {
        return Wait.begin(this, Timeouts.of("awaitAsync", milliseconds));
    }

    /**
     * Waits for a notification that this handle has not seen, as {@link #awaitAsync()} does.
     *
     * @param timeout how long at most; zero and less look once, and {@link #FOREVER} never ends
     * @return the future, whose value is false if the time is up
     */
    public CompletableFuture<Boolean> awaitAsync(Duration timeout) {
        return Wait.begin(this, Timeouts.of(timeout));
    }

    /**
     * The notifications from now on, as a stream: {@link Flow.Subscriber#onNext} gets the {@linkplain #sequence()
     * sequence} that was reached. What several notifications have to say may arrive as one, so a slow subscriber misses
     * numbers, and never the last.
     *
     * <p>Every subscriber has a position of its own, which starts where this handle's is: a notification that this
     * handle has not seen comes first. The stream completes when the owner closes the region or this handle is closed,
     * and fails with what else {@link #await()} throws, such as {@link OwnerDiedException}. While it is subscribed to,
     * the handle is not garbage. Subscribers are called on daemon threads from a pool of Zinc's, one call at a time, and
     * may block. No thread waits for a subscription.
     *
     * <pre>{@code
     * Flux<Long> frames = JdkFlowAdapter.flowPublisherToFlux(region.notifications()); // of Project Reactor
     * frames.subscribe(sequence -> show(region.byteBuffer()));
     * }</pre>
     *
     * @return the publisher, always the same
     */
    public Flow.Publisher<Long> notifications() {
        return notifications;
    }

    /**
     * Waits until the sequence is greater than a number, for callers who keep count themselves; however long it takes.
     * It counts every notification, this handle's own too, and does not move what {@link #await()} has seen.
     *
     * @param sequence the number to get past
     * @return the sequence reached
     * @throws InterruptedException if the thread was interrupted, before or meanwhile
     * @throws ClosedException as {@link #await()} throws it; its other exceptions, too
     */
    public long awaitPast(long sequence) throws InterruptedException {
        return awaitPastNanoseconds(sequence, Timeouts.FOREVER);
    }

    /**
     * Waits until the sequence is greater than a number, as {@link #awaitPast(long)} does.
     *
     * @param sequence the number to get past
     * @param timeout how long at most; zero and less look once, and {@link #FOREVER} never ends
     * @return the sequence reached, or nothing if the time is up
     * @throws InterruptedException if the thread was interrupted, before or meanwhile
     * @throws ClosedException as {@link #await()} throws it; its other exceptions, too
     */
    public OptionalLong awaitPast(long sequence, Duration timeout) throws InterruptedException {
        long reached = awaitPastNanoseconds(sequence, Timeouts.of(timeout));
        return reached < 0 ? OptionalLong.empty() : OptionalLong.of(reached);
    }

    private long awaitPastNanoseconds(long sequence, long timeout) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        if (Elsewhere.isNeeded()) {
            return Elsewhere.call(() -> Native.awaitPast(this, handle, sequence, timeout));
        }
        return Native.awaitPast(this, handle, sequence, timeout);
    }

    /**
     * How many notifications there were, by anyone.
     *
     * @return the sequence
     * @throws ClosedException if this handle is closed
     */
    public long sequence() {
        try {
            return Native.sequence(handle);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Ends the waits that are in progress on this handle, on all threads, with {@link WaitInterruptedException}. It
     * touches neither waits that begin later nor other handles.
     */
    public void interrupt() {
        try {
            Native.interrupt(handle);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** Wakes the waits of this handle: the one whose thread was interrupted ends, and the others sleep on. */
    void wake() {
        try {
            Native.wake(handle);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Whether this handle was closed.
     *
     * @return whether it was
     */
    public boolean isClosed() {
        try {
            return Native.isClosed(handle);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Closes this handle: its waits end with {@link ClosedException}, and so does every later call. Closing twice is
     * fine.
     *
     * <p>For an owner it takes the name away, marks the region closed and wakes everyone. Buffers and tensors stay
     * valid. On Java 22 and newer, the segments that end with the region end.
     *
     * @throws ZincException for an owner, when the name cannot be taken away; the handle is closed all the same
     * @throws IllegalStateException if one of those segments is in use by a native call at this moment; the handle is
     *     closed all the same, and closing again ends the segments
     */
    @Override
    public void close() {
        try {
            Native.close(handle);
        } finally {
            notifications.end();
            endSegments();
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Such as {@code SharedRegion("pipeline", 4096 bytes)}.
     *
     * @return what this is
     */
    @Override
    public String toString() {
        String closed = isClosed() ? ", closed" : "";
        return getClass().getSimpleName() + "(\"" + name() + "\", " + capacity() + " bytes" + closed + ")";
    }
}
