// A region's data: spans, memory and tensors over the mapping itself.

using System;

namespace Zinc
{
    public unsafe partial class SharedRegion
    {
        private readonly object _gate = new object();

        // The memory of spans, which nothing counts: retired at the close, so that the addresses stay while this is
        // reachable, and given back when it is collected.
        private readonly ViewHandle _view;

        // The memory of Memory and Tensor objects, which refer to it. The collector gives it back after the last.
        private ViewHandle? _shared;

        // Both are written with the gate held.
        private volatile bool _closed;
        private volatile bool _lent;

        /// <summary>All data, to read and write: the same physical memory in every process, not a copy.</summary>
        /// <remarks>
        /// <para>
        /// The span shows the region until this handle is closed. Afterwards it shows zeros, and what is written to it
        /// is lost: nobody comes to harm who is still at work on one when another thread closes the region. Its
        /// addresses are free when this object is collected, and a span does not keep it: refer to it for as long as
        /// you use the span, with <c>using</c>, in a field, or by <see cref="GC.KeepAlive"/>.
        /// <see cref="AsMemory()"/> gives what outlives the handle.
        /// </para>
        /// <para>Its first byte is on a page boundary.</para>
        /// </remarks>
        /// <exception cref="ClosedException">The handle is closed.</exception>
        /// <exception cref="PermissionDeniedException">The handle is read-only: <see cref="AsReadOnlySpan()"/> works.</exception>
        /// <exception cref="InvalidOperationException">There is more than a span can have, 2^31 - 1 elements: ask for
        /// windows, <see cref="AsSpan(long, int)"/>.</exception>
        public Span<byte> AsSpan() => AsSpan<byte>();

        /// <summary>A window of the data: see <see cref="AsSpan()"/>.</summary>
        /// <param name="offset">Where it begins, in bytes; beyond 2 GiB too.</param>
        /// <param name="length">Its bytes.</param>
        /// <exception cref="ArgumentOutOfRangeException">It is not all within the region.</exception>
        /// <exception cref="ClosedException">The handle is closed.</exception>
        /// <exception cref="PermissionDeniedException">The handle is read-only.</exception>
        public Span<byte> AsSpan(long offset, int length) => AsSpan<byte>(offset, length);

        /// <summary>The data as elements, as many as fit: see <see cref="AsSpan()"/>.</summary>
        /// <remarks>It does not ask what the data was described as; <see cref="AsTensor{T}"/> does.</remarks>
        /// <exception cref="ClosedException">The handle is closed.</exception>
        /// <exception cref="PermissionDeniedException">The handle is read-only.</exception>
        /// <exception cref="InvalidOperationException">There are more elements than a span can have.</exception>
        public Span<T> AsSpan<T>()
            where T : unmanaged
        {
            RequireWritable();
            return new Span<T>(Lend(), WholeLength<T>());
        }

        /// <summary>A window of the data as elements: see <see cref="AsSpan()"/>.</summary>
        /// <param name="offset">Where it begins, in bytes.</param>
        /// <param name="count">Its elements.</param>
        /// <exception cref="ArgumentOutOfRangeException">It is not all within the region.</exception>
        /// <exception cref="ClosedException">The handle is closed.</exception>
        /// <exception cref="PermissionDeniedException">The handle is read-only.</exception>
        public Span<T> AsSpan<T>(long offset, int count)
            where T : unmanaged
        {
            RequireWritable();
            RequireWithin<T>(offset, count);
            return new Span<T>(Lend() + offset, count);
        }

        /// <summary>All data, to read: see <see cref="AsSpan()"/>.</summary>
        /// <exception cref="ClosedException">The handle is closed.</exception>
        /// <exception cref="InvalidOperationException">There is more than a span can have.</exception>
        public ReadOnlySpan<byte> AsReadOnlySpan() => AsReadOnlySpan<byte>();

        /// <summary>A window of the data, to read: see <see cref="AsSpan(long, int)"/>.</summary>
        /// <exception cref="ArgumentOutOfRangeException">It is not all within the region.</exception>
        /// <exception cref="ClosedException">The handle is closed.</exception>
        public ReadOnlySpan<byte> AsReadOnlySpan(long offset, int length) => AsReadOnlySpan<byte>(offset, length);

        /// <summary>The data as elements, to read: see <see cref="AsSpan{T}()"/>.</summary>
        /// <exception cref="ClosedException">The handle is closed.</exception>
        /// <exception cref="InvalidOperationException">There are more elements than a span can have.</exception>
        public ReadOnlySpan<T> AsReadOnlySpan<T>()
            where T : unmanaged
        {
            return new ReadOnlySpan<T>(Lend(), WholeLength<T>());
        }

        /// <summary>A window of the data as elements, to read: see <see cref="AsSpan{T}(long, int)"/>.</summary>
        /// <exception cref="ArgumentOutOfRangeException">It is not all within the region.</exception>
        /// <exception cref="ClosedException">The handle is closed.</exception>
        public ReadOnlySpan<T> AsReadOnlySpan<T>(long offset, int count)
            where T : unmanaged
        {
            RequireWithin<T>(offset, count);
            return new ReadOnlySpan<T>(Lend() + offset, count);
        }

        /// <summary>All data, as what can be kept: it keeps this handle from the collector, and outlives its close.</summary>
        /// <remarks>
        /// After the handle is closed, and its owner gone, it still shows the region's bytes. The mapping goes when the
        /// collector finds that nothing refers to it any more; refer to the memory for as long as you use its span.
        /// </remarks>
        /// <exception cref="ClosedException">The handle is closed.</exception>
        /// <exception cref="PermissionDeniedException">The handle is read-only.</exception>
        /// <exception cref="InvalidOperationException">There is more than a memory can have, 2^31 - 1 bytes: ask for
        /// windows, <see cref="AsMemory(long, int)"/>.</exception>
        public Memory<byte> AsMemory() => AsMemory(0, WholeLength<byte>());

        /// <summary>A window of the data: see <see cref="AsMemory()"/>.</summary>
        /// <param name="offset">Where it begins, in bytes; beyond 2 GiB too.</param>
        /// <param name="length">Its bytes.</param>
        /// <exception cref="ArgumentOutOfRangeException">It is not all within the region.</exception>
        /// <exception cref="ClosedException">The handle is closed.</exception>
        /// <exception cref="PermissionDeniedException">The handle is read-only.</exception>
        public Memory<byte> AsMemory(long offset, int length)
        {
            RequireWritable();
            return Keep(offset, length);
        }

        /// <summary>All data, to read: see <see cref="AsMemory()"/>.</summary>
        /// <exception cref="ClosedException">The handle is closed.</exception>
        /// <exception cref="InvalidOperationException">There is more than a memory can have.</exception>
        public ReadOnlyMemory<byte> AsReadOnlyMemory() => Keep(0, WholeLength<byte>());

        /// <summary>A window of the data, to read: see <see cref="AsMemory(long, int)"/>.</summary>
        /// <exception cref="ArgumentOutOfRangeException">It is not all within the region.</exception>
        /// <exception cref="ClosedException">The handle is closed.</exception>
        public ReadOnlyMemory<byte> AsReadOnlyMemory(long offset, int length) => Keep(offset, length);

        /// <summary>What the owner says the data is; null if it says nothing.</summary>
        /// <exception cref="ClosedException">The handle is closed.</exception>
        /// <exception cref="DescriptorException">The region's header is damaged.</exception>
        public Descriptor? GetDescriptor()
        {
            Native.Descriptor described;
            int there = ZincException.Check(Native.zinc_get_descriptor(_region, &described));
            GC.KeepAlive(this);
            return there > 0 ? new Descriptor(described) : null;
        }

        /// <summary>The described data as elements of type T. It holds the mapping, and outlives the handle.</summary>
        /// <example>
        /// <code>
        /// Tensor&lt;float&gt; weights = region.AsTensor&lt;float&gt;();
        /// Console.WriteLine($"{weights.Shape[0]} rows, the first number is {weights[0]}");
        /// </code>
        /// </example>
        /// <exception cref="DescriptorException">The data is of another type, or not described.</exception>
        /// <exception cref="ClosedException">The handle is closed.</exception>
        /// <exception cref="NotSupportedException">T is no tensor's element.</exception>
        public Tensor<T> AsTensor<T>()
            where T : unmanaged
        {
            Native.Descriptor described;
            IntPtr view;
            ZincException.Check(Native.zinc_tensor(_region, (uint)DTypes.Of<T>(), &described, &view));

            // All objects over this region share one view.
            Native.zinc_view_release(view);
            return new Tensor<T>(this, Shared("AsTensor"), new Descriptor(described));
        }

        private Memory<byte> Keep(long offset, int length)
        {
            RequireWithin<byte>(offset, length);
            return new RegionMemory<byte>(this, Shared("AsMemory"), offset, length).Memory;
        }

        /// <summary>The first byte, for a span.</summary>
        private byte* Lend()
        {
            if (!_lent)
            {
                // A close at the same time comes before, and is seen, or after, and knows.
                lock (_gate)
                {
                    _lent = !_closed;
                }
            }

            return _closed ? throw Closed("AsSpan") : _view.Pointer;
        }

        private ViewHandle Shared(string operation)
        {
            lock (_gate)
            {
                if (_closed)
                {
                    throw Closed(operation);
                }

                return _shared ??= ViewHandle.Of(_region);
            }
        }

        private void GiveBack()
        {
            lock (_gate)
            {
                if (_closed)
                {
                    return;
                }

                _closed = true;
                _shared?.LeaveToCollector();
                _shared = null;
                if (_lent)
                {
                    _view.Retire();
                }
                else
                {
                    _view.Dispose();
                }
            }
        }

        private ZincException Closed(string operation)
        {
            const string why = "this handle was closed; open the region to get another";
            return ZincException.Of(ErrorKind.Closed, operation, Name, why);
        }

        private void RequireWritable()
        {
            if (IsReadOnly)
            {
                const string why = "this handle is read-only; read through AsReadOnlySpan or AsReadOnlyMemory, or open "
                    + "the region without ReadOnly";
                throw ZincException.Of(ErrorKind.PermissionDenied, "AsSpan", Name, why);
            }
        }

        private void RequireWithin<T>(long offset, int count)
            where T : unmanaged
        {
            if (offset < 0 || offset > Capacity)
            {
                throw new ArgumentOutOfRangeException(nameof(offset), offset, $"\"{Name}\" has {Capacity} bytes.");
            }

            if (count < 0 || count > (Capacity - offset) / sizeof(T))
            {
                string why = $"From byte {offset} on \"{Name}\" has {Capacity - offset} bytes.";
                throw new ArgumentOutOfRangeException(typeof(T) == typeof(byte) ? "length" : nameof(count), count, why);
            }
        }

        private int WholeLength<T>()
            where T : unmanaged
        {
            long length = Capacity / sizeof(T);
            return length <= int.MaxValue ? (int)length : throw new InvalidOperationException(
                $"\"{Name}\" has {length} elements, and a span can have {int.MaxValue}; ask for windows of it, "
                + "by offset and length.");
        }
    }
}
