// The C ABI, as include/zinc.h has it: every signature is blittable, so that calls need no marshalling.

using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: InternalsVisibleTo("Zinc.Tests")]
#if NET8_0_OR_GREATER
[assembly: DisableRuntimeMarshalling]
#endif

namespace Zinc
{
    /// <summary>
    /// Regions, views and listings are tokens, not addresses: the library tells closed ones from open ones, so they are
    /// passed as plain numbers. A <see cref="SafeHandle"/> as an argument would put a close off until the waits on it
    /// have ended, which are what it has to end.
    /// </summary>
    internal static unsafe class Native
    {
        /// <summary><c>ZINC_ABI_VERSION</c> of the header that these declarations follow.</summary>
        internal const uint AbiVersion = 1;

        internal const uint OptionReadOnly = 1;
        internal const uint OptionPrefault = 2;
        internal const uint OptionSparse = 4;
        internal const uint OptionPersistent = 8;

        private const string Library = "zinc_core";

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int zinc_create_with(byte* name, UIntPtr capacity, Options* options, IntPtr* region);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int zinc_create_tensor(
            byte* name, uint dtype, UIntPtr ndim, ulong* shape, Options* options, IntPtr* region);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int zinc_open_with(byte* name, Options* options, IntPtr* region);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int zinc_open_or_create_with(
            byte* name, UIntPtr capacity, Options* options, IntPtr* region);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int zinc_clone(IntPtr region, IntPtr* clone);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int zinc_close(IntPtr region);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int zinc_unlink(IntPtr region);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int zinc_persist(IntPtr region);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int zinc_notify(IntPtr region);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int zinc_wait(IntPtr region, long timeoutMs);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int zinc_wait_ns(IntPtr region, long timeoutNs);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int zinc_wait_past(IntPtr region, ulong sequence, long timeoutNs, ulong* reached);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int zinc_sequence(IntPtr region, ulong* sequence);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int zinc_interrupt(IntPtr region);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int zinc_wait_async(
            IntPtr region, long timeoutMs, IntPtr callback, IntPtr user, IntPtr* wait);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int zinc_wait_cancel(IntPtr wait);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int zinc_is_read_only(IntPtr region);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int zinc_info(IntPtr region, Info* info);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int zinc_describe(IntPtr region, uint dtype, UIntPtr ndim, ulong* shape);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int zinc_get_descriptor(IntPtr region, Described* described);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int zinc_tensor(IntPtr region, uint dtype, Described* described, IntPtr* view);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int zinc_view_retain(IntPtr region, IntPtr* view);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int zinc_view_retire(IntPtr view);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int zinc_view_release(IntPtr view);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern byte* zinc_view_ptr(IntPtr view);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern UIntPtr zinc_view_size(IntPtr view);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int zinc_remove(byte* name, Options* options);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int zinc_list(Options* options, IntPtr* listing, UIntPtr* count);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int zinc_listing_get(IntPtr listing, UIntPtr index, Info* info);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int zinc_listing_free(IntPtr listing);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern byte* zinc_error_message();

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int zinc_error_os();

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern int zinc_error_space(ulong* needed, ulong* free);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern byte* zinc_version();

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern uint zinc_abi_version();

        /// <summary><c>zinc_options</c>.</summary>
        [StructLayout(LayoutKind.Sequential)]
        internal struct Options
        {
            internal UIntPtr Size;
            internal uint Flags;
            internal uint Mode;
            internal uint AcceptOwner;
            internal uint Reserved;
            internal long SpinNs;
            internal long TimeoutNs;
            internal byte* Directory;
        }

        /// <summary><c>zinc_region_info</c>.</summary>
        [StructLayout(LayoutKind.Sequential)]
        internal struct Info
        {
            internal UIntPtr Size;
            internal UIntPtr Capacity;
            internal ulong CreatedNs;
            internal fixed byte Id[16];
            internal uint OwnerPid;
            internal uint State;
            internal byte* Name;
            internal byte* Path;
        }

        /// <summary><c>zinc_descriptor</c>.</summary>
        [StructLayout(LayoutKind.Sequential)]
        internal struct Described
        {
            internal uint DType;
            internal uint Ndim;
            internal fixed ulong Shape[8];
        }
    }
}
