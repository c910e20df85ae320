// A region's data as its owner described it.

using System;
using System.Collections.Generic;

namespace Zinc
{
    /// <summary>What a region's data is: row-major from the first byte, little-endian.</summary>
    public sealed class Descriptor
    {
        internal unsafe Descriptor(in Native.Descriptor described)
        {
            DType = (DType)described.Dtype;
            long[] shape = new long[described.Ndim];
            for (int dimension = 0; dimension < shape.Length; dimension++)
            {
                shape[dimension] = (long)described.Shape[dimension];
            }

            Shape = shape;
        }

        /// <summary>The type of the elements.</summary>
        public DType DType { get; }

        /// <summary>The length of each dimension, outermost first; empty for a single element.</summary>
        public IReadOnlyList<long> Shape { get; }

        /// <summary>Such as "float32 [2, 3]".</summary>
        public override string ToString() => $"{DType.Name()} [{string.Join(", ", Shape)}]";
    }

    /// <summary>
    /// A region's data as elements of the type that its owner described: the mapping itself, not a copy. It keeps the
    /// region's handle from the collector, an owner's too, and stays valid when the handle is closed.
    /// </summary>
    /// <typeparam name="T">A C# type of an element: those that <see cref="Zinc.DType"/> names.</typeparam>
    /// <remarks>Refer to the tensor for as long as you use its span: a span holds nothing.</remarks>
    public sealed unsafe class Tensor<T>
        where T : unmanaged
    {
        private readonly ViewHandle _view;
        private readonly SharedRegion _region;
        private readonly Descriptor _descriptor;

        internal Tensor(SharedRegion region, ViewHandle view, Descriptor descriptor)
        {
            _region = region;
            _view = view;
            _descriptor = descriptor;
            IsReadOnly = region.IsReadOnly;
            long length = 1;
            foreach (long dimension in descriptor.Shape)
            {
                length *= dimension;
            }

            Length = length;
        }

        /// <summary>The type of the elements.</summary>
        public DType DType => _descriptor.DType;

        /// <summary>The length of each dimension, outermost first; empty for a single element.</summary>
        public IReadOnlyList<long> Shape => _descriptor.Shape;

        /// <summary>How many elements there are.</summary>
        public long Length { get; }

        /// <summary>Whether the elements can only be read.</summary>
        public bool IsReadOnly { get; }

        /// <summary>All elements, row-major, to read and write.</summary>
        /// <exception cref="PermissionDeniedException">The tensor is read-only.</exception>
        /// <exception cref="InvalidOperationException">There are more than a span can have: see <see cref="Slice"/>.</exception>
        public Span<T> Span => new Span<T>(Writable(), WholeLength());

        /// <summary>All elements, row-major, to read.</summary>
        /// <exception cref="InvalidOperationException">There are more than a span can have.</exception>
        public ReadOnlySpan<T> ReadOnlySpan => new ReadOnlySpan<T>(_view.Pointer, WholeLength());

        /// <summary>All elements, row-major, as what can be kept, to read and write.</summary>
        /// <exception cref="PermissionDeniedException">The tensor is read-only.</exception>
        /// <exception cref="InvalidOperationException">There are more than a memory can have.</exception>
        public Memory<T> Memory => Slice(0, WholeLength());

        /// <summary>All elements, row-major, as what can be kept, to read.</summary>
        /// <exception cref="InvalidOperationException">There are more than a memory can have.</exception>
        public ReadOnlyMemory<T> ReadOnlyMemory => ReadOnlySlice(0, WholeLength());

        /// <summary>An element, by its place in row-major order.</summary>
        /// <exception cref="ArgumentOutOfRangeException">There is no such element.</exception>
        public ref readonly T this[long index]
        {
            get
            {
                if (index < 0 || index >= Length)
                {
                    throw new ArgumentOutOfRangeException(nameof(index), index, $"There are {Length} elements.");
                }

                return ref ((T*)_view.Pointer)[index];
            }
        }

        /// <summary>Some elements, row-major, to read and write; beyond the first 2^31 too.</summary>
        /// <exception cref="ArgumentOutOfRangeException">There are no such elements.</exception>
        /// <exception cref="PermissionDeniedException">The tensor is read-only.</exception>
        public Memory<T> Slice(long start, int length)
        {
            Writable();
            return Part(start, length);
        }

        /// <summary>Some elements, row-major, to read; beyond the first 2^31 too.</summary>
        /// <exception cref="ArgumentOutOfRangeException">There are no such elements.</exception>
        public ReadOnlyMemory<T> ReadOnlySlice(long start, int length) => Part(start, length);

        /// <summary>Such as "float32 [2, 3]".</summary>
        public override string ToString() => _descriptor.ToString();

        private byte* Writable()
        {
            const string why = "this handle is read-only; read through ReadOnlySpan or ReadOnlyMemory, or open "
                + "the region without ReadOnly";
            return IsReadOnly ? throw ZincException.Of(ErrorKind.PermissionDenied, "Tensor", _region.Name, why) : _view.Pointer;
        }

        private Memory<T> Part(long start, int length)
        {
            if (start < 0 || length < 0 || start > Length - length)
            {
                string why = $"{length} elements from {start} on are not all among the {Length}.";
                throw new ArgumentOutOfRangeException(nameof(start), why);
            }

            return new RegionMemory<T>(_region, _view, start * sizeof(T), length).Memory;
        }

        private int WholeLength()
        {
            return Length <= int.MaxValue ? (int)Length : throw new InvalidOperationException(
                $"There are {Length} elements, and a span can have {int.MaxValue}; ask for a Slice.");
        }
    }
}
