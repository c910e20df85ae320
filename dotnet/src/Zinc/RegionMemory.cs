// Memory<T> over a mapping, which it holds.

using System;
using System.Buffers;

namespace Zinc
{
    /// <summary>
    /// What a <see cref="Memory{T}"/> of a region refers to. The view counts pins, and goes with the last object that
    /// refers to it: there is no other way to know that nobody looks any more, so to dispose of this does nothing.
    /// </summary>
    internal sealed unsafe class RegionMemory<T> : MemoryManager<T>
        where T : unmanaged
    {
        private readonly ViewHandle _view;

        // An owner's region lives while its handle does, so who has the memory has the handle.
        private readonly SharedRegion _region;
        private readonly long _offset;
        private readonly int _length;

        internal RegionMemory(SharedRegion region, ViewHandle view, long offset, int length)
        {
            _region = region;
            _view = view;
            _offset = offset;
            _length = length;
        }

        public override Memory<T> Memory => CreateMemory(_length);

        public override Span<T> GetSpan() => new Span<T>(_view.Pointer + _offset, _length);

        public override MemoryHandle Pin(int elementIndex = 0)
        {
            if (elementIndex < 0 || elementIndex > _length)
            {
                throw new ArgumentOutOfRangeException(nameof(elementIndex));
            }

            bool added = false;
            _view.DangerousAddRef(ref added);
            return new MemoryHandle((T*)(_view.Pointer + _offset) + elementIndex, default, this);
        }

        public override void Unpin()
        {
            _view.DangerousRelease();
            GC.KeepAlive(_region);
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
