// The arguments of a call that names a region, where C can read them.

using System;
using System.Runtime.InteropServices;

namespace Zinc
{
    /// <summary>A name and options in C's memory, until this is disposed of.</summary>
    internal readonly unsafe ref struct Call
    {
        private readonly IntPtr _block;

        internal Call(string operation, string name, RegionOptions? options)
        {
            if (name is null)
            {
                throw new ArgumentNullException(nameof(name));
            }

            Library.Check();
            string? region = name.Length > 0 ? name : null;
            options ??= new RegionOptions();
            byte[] nameBytes = Text.For(operation, region?.Replace("\0", "\\0"), name, ErrorKind.InvalidName);
            byte[] directory = Text.For(operation, region, options.Directory ?? string.Empty, ErrorKind.Os);
            Native.Options native = options.ToNative();

            _block = Marshal.AllocHGlobal(sizeof(Native.Options) + nameBytes.Length + directory.Length);
            Options = (Native.Options*)_block;
            Name = (byte*)(Options + 1);
            byte* directoryPlace = Name + nameBytes.Length;
            Marshal.Copy(nameBytes, 0, (IntPtr)Name, nameBytes.Length);
            Marshal.Copy(directory, 0, (IntPtr)directoryPlace, directory.Length);
            native.Directory = options.Directory is null ? null : directoryPlace;
            *Options = native;
        }

        internal byte* Name { get; }

        internal Native.Options* Options { get; }

        public void Dispose() => Marshal.FreeHGlobal(_block);
    }

    /// <summary>The native library, looked at once.</summary>
    internal static class Library
    {
        private static readonly uint Version = Load();

        /// <summary>Collects garbage after a call that found too many open files, once: forgotten regions have some.</summary>
        /// <returns>Whether to try the call again.</returns>
        internal static bool Collected(int status, ref bool tried)
        {
            const int emfile = 24;
            if (tried || status >= 0 || Native.zinc_error_os() != emfile)
            {
                return false;
            }

            tried = true;
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return true;
        }

        /// <summary>Throws if the library's functions are not those that are declared here.</summary>
        internal static void Check()
        {
            if (Version != Native.AbiVersion)
            {
                string why = $"the native library zinc_core has version {Version} of the binary interface, and this "
                    + $"package needs {Native.AbiVersion}; use the library that came with the package";
                throw ZincException.Of(ErrorKind.Unsupported, "Load", null, why);
            }
        }

        /// <summary>Has the library, which is this package's own copy, spell operations as C# does.</summary>
        private static uint Load()
        {
            uint version = Native.zinc_abi_version();
            if (version == Native.AbiVersion)
            {
                _ = Native.zinc_spell_operations(Native.SpellingPascal);
            }

            return version;
        }
    }
}
