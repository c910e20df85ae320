// The C ABI, as its sources have it: every signature is blittable, so that calls need no marshalling.

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
    internal static unsafe partial class Native
    {
        private const string Library = "zinc_core";
    }
}
