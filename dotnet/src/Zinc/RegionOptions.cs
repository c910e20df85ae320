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
    public sealed partial class RegionOptions
    {
#if NET8_0_OR_GREATER
        /// <summary><see cref="Mode"/>, as .NET has permission bits.</summary>
        /// <remarks>Mode itself is a number in every target of the package, so that libraries fit all of them.</remarks>
        public System.IO.UnixFileMode UnixFileMode
        {
            get => (System.IO.UnixFileMode)Mode;
            set => Mode = (int)value;
        }
#endif
    }

    /// <summary>Users' and groups' numbers as C has them.</summary>
    internal static class Ids
    {
        /// <summary>Without one, 0.</summary>
        internal static uint Of(long? id, string argument)
        {
            long number = id ?? 0;
            return number >= 0 && number <= uint.MaxValue
                ? (uint)number
                : throw new ArgumentOutOfRangeException(argument, id, "It is the number of no user or group.");
        }
    }

    /// <summary>Times as C has them.</summary>
    internal static class Times
    {
        private const long NanosecondsPerTick = 100;
        private const long NanosecondsPerMillisecond = 1_000_000;

        /// <summary>A timeout in nanoseconds; -1 is for ever, and what is over is 0.</summary>
        internal static long Limit(TimeSpan timeout)
        {
            if (timeout == Timeout.InfiniteTimeSpan)
            {
                return -1;
            }

            return timeout > TimeSpan.Zero ? Nanoseconds(timeout) : 0;
        }

        /// <summary>A timeout in milliseconds as nanoseconds; -1 is for ever.</summary>
        internal static long Limit(int milliseconds, string argument)
        {
            return milliseconds == Timeout.Infinite ? -1
                : milliseconds >= 0 ? milliseconds * NanosecondsPerMillisecond : throw new ArgumentOutOfRangeException(
                    argument, milliseconds, "It is a number of milliseconds from 0 on, or -1 (Timeout.Infinite) for ever.");
        }

        /// <summary>A bound in nanoseconds: 0 without one, and negative if it is zero or less.</summary>
        internal static long Span(TimeSpan? limit)
        {
            return limit is TimeSpan some ? (some > TimeSpan.Zero ? Nanoseconds(some) : -1) : 0;
        }

        /// <summary>Times beyond 292 years are 292 years.</summary>
        internal static long Nanoseconds(TimeSpan time)
        {
            return Math.Min(time.Ticks, long.MaxValue / NanosecondsPerTick) * NanosecondsPerTick;
        }
    }
}
