// A handle of a region: how it comes to be, what it knows, what it tells others, and its end.

using System;
using System.Collections.Generic;

namespace Zinc
{
    /// <summary>Named memory that processes on one machine share, whatever language they are written in.</summary>
    /// <remarks>
    /// <para>
    /// One process creates a region, others open it by its name, and all see the same bytes: nothing is copied.
    /// <see cref="Notify"/> and <see cref="Wait(int)"/> say when to look.
    /// </para>
    /// <para>
    /// Any thread may use a handle, also while another waits on it or disposes of it. Threads that share a handle share
    /// what its waits have seen; <see cref="Clone"/> gives one with its own. The bytes are shared memory: who writes and
    /// who reads when is for the programs to agree on.
    /// </para>
    /// <para>
    /// A handle that nobody refers to any more is closed by the garbage collector, like any other; keep an owner alive,
    /// with <c>using</c> or in a field, for as long as the region is needed.
    /// </para>
    /// </remarks>
    /// <example>
    /// <code>
    /// using var region = SharedRegion.Open("pipeline");
    /// if (region.Wait(1000))
    /// {
    ///     ReadOnlySpan&lt;float&gt; numbers = region.AsReadOnlySpan&lt;float&gt;();
    /// }
    /// </code>
    /// </example>
    public unsafe partial class SharedRegion : IDisposable
    {
        private readonly RegionHandle _handle;

        // The handle's token. It is passed without counting: see Native. What uses it keeps this object alive.
        private readonly IntPtr _region;

        internal SharedRegion(string name, IntPtr region)
        {
            _region = region;
            _handle = new RegionHandle(region);
            try
            {
                _view = ViewHandle.Of(region);
                IsReadOnly = ZincException.Check(Native.zinc_is_read_only(region)) > 0;
            }
            catch
            {
                _handle.Dispose();
                throw;
            }

            Name = name;
            Capacity = _view.Size;
        }

        /// <summary>The release of Zinc's core, such as "0.1.0".</summary>
        public static string Version => Text.From(Native.zinc_version());

        /// <summary>The region's name.</summary>
        public string Name { get; }

        /// <summary>The bytes of data: what the creator asked for, exactly.</summary>
        public long Capacity { get; }

        /// <summary>Whether the data can only be read through this handle: see <see cref="RegionOptions.ReadOnly"/>.</summary>
        public bool IsReadOnly { get; }

        /// <summary>Whether this handle was closed.</summary>
        public bool IsClosed => _closed;

        /// <summary>How many notifications there were, by anyone.</summary>
        /// <exception cref="ClosedException">The handle is closed.</exception>
        public ulong Sequence
        {
            get
            {
                ulong sequence;
                ZincException.Check(Native.zinc_sequence(_region, &sequence));
                GC.KeepAlive(this);
                return sequence;
            }
        }

        /// <summary>Creates a region of <paramref name="capacity"/> bytes, all zero, and owns it.</summary>
        /// <param name="name">1 to 128 of the characters A-Z a-z 0-9 . _ - and not starting with a dot.</param>
        /// <param name="capacity">Bytes; at least 1. It never changes.</param>
        /// <param name="options">Of these, those for creating count.</param>
        /// <remarks>
        /// The memory is really reserved, so using it later cannot fail. The remains of a region whose owner died do not
        /// count: the name is free.
        /// </remarks>
        /// <exception cref="AlreadyExistsException">A living owner, or a persistent region, has the name.</exception>
        /// <exception cref="InvalidNameException">The name is not as above.</exception>
        /// <exception cref="InvalidSizeException">The capacity is not positive, or cannot be addressed.</exception>
        /// <exception cref="NoSpaceException">There is not so much memory; it says how much there is.</exception>
        /// <exception cref="NotARegionException">Something else has the name.</exception>
        /// <exception cref="NotFoundException">There is no such directory.</exception>
        /// <exception cref="PermissionDeniedException">This user may not.</exception>
        /// <exception cref="SystemCallException">The system failed otherwise.</exception>
        public static OwnedRegion Create(string name, long capacity, RegionOptions? options = null)
        {
            RequireNotNegative(capacity, nameof(capacity));
            using var call = new Call("Create", name, options);
            IntPtr region;
            int status;
            bool tried = false;
            do
            {
                status = Native.zinc_create_with(call.Name, (UIntPtr)(ulong)capacity, call.Options, &region);
            }
            while (Library.Collected(status, ref tried));
            ZincException.Check(status);
            return new OwnedRegion(name, region);
        }

        /// <summary>Creates a region that has just the size for a tensor and says so: readers need to be told nothing.</summary>
        /// <param name="name">As for <see cref="Create"/>.</param>
        /// <param name="dtype">The element type.</param>
        /// <param name="shape">The dimensions, outermost first, up to 8; none at all is a single element.</param>
        /// <param name="options">Of these, those for creating count.</param>
        /// <remarks>Throws what <see cref="Create"/> throws, too.</remarks>
        /// <exception cref="DescriptorException">There are more than 8 dimensions, or too many bytes.</exception>
        public static OwnedRegion CreateTensor(
            string name, DType dtype, ReadOnlySpan<long> shape, RegionOptions? options = null)
        {
            RequireTensor(dtype, shape);
            using var call = new Call("CreateTensor", name, options);
            IntPtr region;
            int status;
            bool tried = false;
            fixed (long* lengths = shape)
            {
                do
                {
                    status = Native.zinc_create_tensor(
                        call.Name, (uint)dtype, (UIntPtr)(uint)shape.Length, (ulong*)lengths, call.Options, &region);
                }
                while (Library.Collected(status, ref tried));
            }

            ZincException.Check(status);

            return new OwnedRegion(name, region);
        }

        /// <summary>Opens a region that exists; <see cref="RegionOptions.Timeout"/> waits for one to appear.</summary>
        /// <param name="name">The region's name.</param>
        /// <param name="options">Of these, those for opening count.</param>
        /// <exception cref="NotFoundException">There is none, or none appeared in time, or its owner died.</exception>
        /// <exception cref="WrongOwnerException">It belongs to another user than the caller or root: see
        /// <see cref="RegionOptions.AcceptOwner"/>.</exception>
        /// <exception cref="PermissionDeniedException">Its mode forbids it; read-only may be possible.</exception>
        /// <exception cref="NotARegionException">The file of that name is no region, or damaged.</exception>
        /// <exception cref="VersionMismatchException">It was made with another layout version.</exception>
        /// <exception cref="InvalidNameException">No region can have this name.</exception>
        /// <exception cref="SystemCallException">The system failed otherwise.</exception>
        public static SharedRegion Open(string name, RegionOptions? options = null)
        {
            using var call = new Call("Open", name, options);
            IntPtr region;
            int status;
            bool tried = false;
            do
            {
                status = Native.zinc_open_with(call.Name, call.Options, &region);
            }
            while (Library.Collected(status, ref tried));
            ZincException.Check(status);
            return new SharedRegion(name, region);
        }

        /// <summary>Opens the region if it exists, and else creates it: whoever comes first owns it.</summary>
        /// <param name="name">As for <see cref="Create"/>.</param>
        /// <param name="capacity">The bytes that it has, or has at least if it exists.</param>
        /// <param name="options">Their timeout does not count.</param>
        /// <returns>An <see cref="OwnedRegion"/> if this call created it.</returns>
        /// <remarks>Throws what <see cref="Open"/> and <see cref="Create"/> throw, too.</remarks>
        /// <exception cref="InvalidSizeException">It exists and is smaller.</exception>
        public static SharedRegion OpenOrCreate(string name, long capacity, RegionOptions? options = null)
        {
            RequireNotNegative(capacity, nameof(capacity));
            using var call = new Call("OpenOrCreate", name, options);
            IntPtr region;
            int status;
            bool tried = false;
            do
            {
                status = Native.zinc_open_or_create_with(call.Name, (UIntPtr)(ulong)capacity, call.Options, &region);
            }
            while (Library.Collected(status, ref tried));
            return ZincException.Check(status) > 0 ? new OwnedRegion(name, region) : new SharedRegion(name, region);
        }

        /// <summary>Lists the regions that this user may read, in the order of their names.</summary>
        /// <param name="directory">As <see cref="RegionOptions.Directory"/>.</param>
        /// <exception cref="NotFoundException">There is no such directory.</exception>
        /// <exception cref="SystemCallException">The system failed otherwise.</exception>
        public static IReadOnlyList<RegionInfo> List(string? directory = null)
        {
            using var call = new Call("List", string.Empty, new RegionOptions { Directory = directory });
            return RegionInfo.List(call);
        }

        /// <summary>Takes away a persistent region, or the remains of a dead owner's.</summary>
        /// <param name="name">The region's name.</param>
        /// <param name="directory">As <see cref="RegionOptions.Directory"/>.</param>
        /// <remarks>Processes that have it open keep it; waits on it end with a <see cref="ClosedException"/>.</remarks>
        /// <exception cref="NotFoundException">There is none.</exception>
        /// <exception cref="PermissionDeniedException">Its owner is alive, or this user may not.</exception>
        /// <exception cref="NotARegionException">The file of that name is no region.</exception>
        /// <exception cref="InvalidNameException">No region can have this name.</exception>
        /// <exception cref="SystemCallException">The system failed otherwise.</exception>
        public static void Remove(string name, string? directory = null)
        {
            using var call = new Call("Remove", name, new RegionOptions { Directory = directory });
            ZincException.Check(Native.zinc_remove(call.Name, call.Options));
        }

        /// <summary>What is known of the region.</summary>
        /// <exception cref="ClosedException">The handle is closed.</exception>
        public RegionInfo GetInfo()
        {
            RegionInfo info = RegionInfo.Of(_region);
            GC.KeepAlive(this);
            return info;
        }

        /// <summary>
        /// Gives a second handle of the same memory, which has seen what this one has and goes on independently: both
        /// may wait at the same time, and each is notified. It is never the owner, and is closed on its own.
        /// </summary>
        /// <exception cref="ClosedException">The handle is closed.</exception>
        public SharedRegion Clone()
        {
            IntPtr clone;
            ZincException.Check(Native.zinc_clone(_region, &clone));
            GC.KeepAlive(this);
            return new SharedRegion(Name, clone);
        }

        /// <summary>Tells everyone who waits, or will, that there is something to look at.</summary>
        /// <remarks>
        /// All that was written before is visible to whoever the notification reaches. It takes a system call only if
        /// somebody sleeps, and never blocks. It does not end waits of this very handle; those of clones it does.
        /// </remarks>
        /// <exception cref="ClosedException">The handle is closed.</exception>
        /// <exception cref="PermissionDeniedException">This user may only read the region.</exception>
        public void Notify()
        {
            ZincException.Check(Native.zinc_notify(_region));
            GC.KeepAlive(this);
        }

        /// <summary>
        /// Closes this handle. Its waits, on whatever thread, end with a <see cref="ClosedException"/>, and so does
        /// every later call. Twice is fine.
        /// </summary>
        /// <remarks>
        /// The owner's close also takes the name away, marks the region closed and wakes everyone, unless the region
        /// persists. <see cref="Memory{T}"/> and <see cref="Tensor{T}"/> stay valid; of spans see <see cref="AsSpan()"/>.
        /// </remarks>
        /// <exception cref="SystemCallException">The name could not be taken away; the handle is closed all the same.</exception>
        public void Close()
        {
            int status = _handle.End();
            ZincException? failed = status < 0 ? ZincException.Last(status) : null;
            GiveBack();
            if (failed != null)
            {
                throw failed;
            }
        }

        /// <summary><see cref="Close"/>, without a word if the owner could not take the name away.</summary>
        public void Dispose()
        {
            try
            {
                Close();
            }
            catch (ZincException)
            {
                // A Dispose that throws hides the exception that brought the program there.
            }

            GC.SuppressFinalize(this);
        }

        /// <summary>What describes a tensor is one.</summary>
        private protected static void RequireTensor(DType dtype, ReadOnlySpan<long> shape)
        {
            _ = dtype.Size();
            foreach (long length in shape)
            {
                RequireNotNegative(length, nameof(shape));
            }
        }

        private static void RequireNotNegative(long number, string argument)
        {
            if (number < 0)
            {
                throw new ArgumentOutOfRangeException(argument, number, "It is not negative.");
            }
        }

        /// <summary>Describes the handle for people.</summary>
        public override string ToString()
        {
            string more = (IsReadOnly ? ", read-only" : string.Empty) + (IsClosed ? ", closed" : string.Empty);
            return $"{GetType().Name} \"{Name}\": {Capacity} bytes{more}";
        }
    }
}
