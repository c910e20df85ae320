// How a region is created or opened, beyond its name and size.

using System;
using System.Threading;

namespace Zinc
{
    /// <summary>How to create or open a region. What is not set is as without options.</summary>
    /// <example>
    /// <code>
    /// using var region = SharedRegion.Open("pipeline", new RegionOptions { Timeout = TimeSpan.FromSeconds(5) });
    /// </code>
    /// </example>
    public sealed class RegionOptions
    {
        /// <summary>
        /// Where the region lives: a directory on a tmpfs or hugetlbfs. The default is the environment variable
        /// <c>ZINC_DIR</c>, else <c>/dev/shm</c>.
        /// </summary>
        public string? Directory { get; set; }

        /// <summary>
        /// Create: who may open the region, as permission bits such as <c>Convert.ToInt32("640", 8)</c>, whatever the
        /// umask says. The default, 0, is 0600: this user alone.
        /// </summary>
        public int Mode { get; set; }

        /// <summary>
        /// Create: whether to take all memory now, so that using it cannot fail later; the default is true. A region
        /// that is not reserved takes memory as it is written to, and kills the writer (SIGBUS) when there is none left.
        /// </summary>
        public bool Reserve { get; set; } = true;

        /// <summary>Create: the region outlives its owner from the start: see <see cref="OwnedRegion.Persist"/>.</summary>
        public bool Persistent { get; set; }

        /// <summary>Create, open: enter all pages in this process's page table now, not each at its first touch.</summary>
        public bool Prefault { get; set; }

        /// <summary>
        /// Open: without the right to write to the data. Waiting works, and so does notifying where this user may write
        /// to the region's file. Where not, this is the only way to open it, and waiting looks every few milliseconds.
        /// </summary>
        public bool ReadOnly { get; set; }

        /// <summary>Open: accept regions of this user (by number) too, beside the caller's own and root's.</summary>
        public int? AcceptOwner { get; set; }

        /// <summary>
        /// Open: how long to wait for a region that does not exist yet, with <see cref="System.Threading.Timeout.InfiniteTimeSpan"/>
        /// for ever. The default, zero, does not wait.
        /// </summary>
        public TimeSpan Timeout { get; set; }

        /// <summary>
        /// How long a wait looks before it sleeps, at the most; zero sleeps at once. The default is the environment
        /// variable <c>ZINC_SPIN_US</c> (in microseconds), else 50 microseconds; within it, waits adapt themselves.
        /// </summary>
        public TimeSpan? Spin { get; set; }

        /// <summary>As C has it, but for the directory, which must be pinned.</summary>
        internal unsafe Native.Options ToNative()
        {
            uint flags = (ReadOnly ? Native.OptionReadOnly : 0) | (Prefault ? Native.OptionPrefault : 0)
                | (Reserve ? 0 : Native.OptionSparse) | (Persistent ? Native.OptionPersistent : 0);
            return new Native.Options
            {
                Size = (UIntPtr)(uint)sizeof(Native.Options),
                Flags = flags,
                Mode = (uint)Mode,
                AcceptOwner = (uint)(AcceptOwner ?? 0),
                SpinNs = Spin is TimeSpan spin ? (spin > TimeSpan.Zero ? Times.Nanoseconds(spin) : -1) : 0,
                TimeoutNs = Times.Limit(Timeout, nameof(Timeout)),
            };
        }
    }

    /// <summary>Times as C has them.</summary>
    internal static class Times
    {
        private const long NanosecondsPerTick = 100;
        private const long NanosecondsPerMillisecond = 1_000_000;

        /// <summary>A timeout in nanoseconds; negative is for ever.</summary>
        internal static long Limit(TimeSpan timeout, string argument)
        {
            if (timeout == Timeout.InfiniteTimeSpan)
            {
                return -1;
            }

            return timeout >= TimeSpan.Zero ? Nanoseconds(timeout) : throw Negative(argument, timeout);
        }

        /// <summary>A timeout in milliseconds; negative is for ever.</summary>
        internal static long Limit(int milliseconds, string argument)
        {
            return milliseconds >= Timeout.Infinite ? milliseconds : throw Negative(argument, milliseconds);
        }

        /// <summary>A timeout in whole milliseconds, no shorter than asked for; negative is for ever.</summary>
        internal static long LimitInMilliseconds(TimeSpan timeout, string argument)
        {
            long limit = Limit(timeout, argument);
            return limit < 0 ? limit : Math.DivRem(limit, NanosecondsPerMillisecond, out long rest) + (rest > 0 ? 1 : 0);
        }

        /// <summary>Times beyond 292 years are 292 years.</summary>
        internal static long Nanoseconds(TimeSpan time)
        {
            return Math.Min(time.Ticks, long.MaxValue / NanosecondsPerTick) * NanosecondsPerTick;
        }

        private static ArgumentOutOfRangeException Negative(string argument, object value)
        {
            const string why = "A timeout is not negative; -1 milliseconds, Timeout.InfiniteTimeSpan, is for ever.";
            return new ArgumentOutOfRangeException(argument, value, why);
        }
    }
}
