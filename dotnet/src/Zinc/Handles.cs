// What must be given back when nobody did: a region's handle, and its views.

using System;
using System.Runtime.InteropServices;

namespace Zinc
{
    /// <summary>A <c>zinc_region</c>: closed by its finalizer if by nobody else.</summary>
    internal sealed class RegionHandle : SafeHandle
    {
        internal RegionHandle(IntPtr token)
            : base(IntPtr.Zero, ownsHandle: true)
        {
            SetHandle(token);
        }

        public override bool IsInvalid => handle == IntPtr.Zero;

        /// <summary>What C knows the region by. It is never followed once the region is closed.</summary>
        internal IntPtr Token => handle;

        /// <summary>Closes the region and gives what C says of it: 0 also for one that was closed before.</summary>
        internal int End()
        {
            int status = Native.zinc_close(handle);
            GC.SuppressFinalize(this);
            return status;
        }

        protected override bool ReleaseHandle() => Native.zinc_close(handle) == 0;
    }

    /// <summary>A <c>zinc_view</c>: memory that stays while anything refers to this.</summary>
    internal sealed unsafe class ViewHandle : SafeHandle
    {
        private long _pressure;

        private ViewHandle(IntPtr token)
            : base(IntPtr.Zero, ownsHandle: true)
        {
            SetHandle(token);
            Pointer = Native.zinc_view_ptr(token);
            Size = (long)Native.zinc_view_size(token);
        }

        public override bool IsInvalid => handle == IntPtr.Zero;

        /// <summary>The first byte, on a page boundary.</summary>
        internal byte* Pointer { get; }

        /// <summary>The region's bytes.</summary>
        internal long Size { get; }

        internal static ViewHandle Of(IntPtr region)
        {
            IntPtr token;
            ZincException.Check(Native.zinc_view_retain(region, &token));
            return new ViewHandle(token);
        }

        /// <summary>Gives the memory back and keeps the addresses, where zeros are found from now on.</summary>
        internal void Retire() => Native.zinc_view_retire(handle);

        /// <summary>Tells the collector how much hangs on this small object, now that only it can give it back.</summary>
        internal void LeaveToCollector()
        {
            if (_pressure == 0 && Size > 0)
            {
                _pressure = Size;
                GC.AddMemoryPressure(_pressure);
            }
        }

        protected override bool ReleaseHandle()
        {
            if (_pressure > 0)
            {
                GC.RemoveMemoryPressure(_pressure);
            }

            return Native.zinc_view_release(handle) == 0;
        }
    }
}
