// What a round took, and how rounds compare.

using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;

namespace Zinc.Bench
{
    /// <summary>In nanoseconds.</summary>
    internal readonly struct Percentiles
    {
        internal readonly double P50;
        internal readonly double P99;

        private Percentiles(double p50, double p99)
        {
            P50 = p50;
            P99 = p99;
        }

        /// <summary>Trips that do not count: they fetch code and lines, and let the adaptive spin settle.</summary>
        internal static int WarmUp(int count) => count / 20;

        internal static Percentiles Measure(IWay way, SharedRegion region, int count)
        {
            long[] times = new long[WarmUp(count) + count];
            way.Begin(region, times);
            var took = new double[count - 1];
            for (int trip = 0; trip < took.Length; trip++)
            {
                int at = WarmUp(count) + trip;
                took[trip] = (times[at + 1] - times[at]) * 1e9 / Stopwatch.Frequency;
            }

            Array.Sort(took);
            return new Percentiles(took[(int)(0.5 * took.Length)], took[(int)(0.99 * took.Length)]);
        }

        /// <summary>The median of the ratios of the p50s within rounds.</summary>
        internal static double Ratio(List<Percentiles> mine, List<Percentiles> limit)
        {
            return Median(mine.Zip(limit, (one, other) => one.P50 / other.P50));
        }

        internal static double Median(IEnumerable<double> values)
        {
            List<double> sorted = values.OrderBy(value => value).ToList();
            return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
        }
    }
}
