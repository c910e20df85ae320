// Measures a round trip between two .NET processes: notify, wait for the answer.
//
//     cargo xtask bench csharp/roundtrip        or        dotnet run -c Release [--rounds N] [--trips N]
//
// Both processes are pinned, each to a processor of its own. Beside Zinc they play, in the same run and by turns, the
// least that the machine allows: each side writes a cache line on which the other spins, stored, stored and watched
// without a pause, or swapped; or both add to one word, as a sequence needs. Zinc is compared with whichever line was
// quickest, and with the word; ratios are taken within rounds, so that what else the machine does hits all alike. The
// target is a p50 of at most twice the line's.
//
// The clock is read once for each trip, right after the notify, while the other process takes it in and answers: so
// the reading is not on the way, and the difference of two readings is one trip. As a check, batches of 100 trips with
// the clock read only at their ends are run too; the p50 of their averages stands beside.
//
// Timing is printed and never asserted: see the load that is printed with it.

using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Zinc.Bench
{
    internal static class Program
    {
        private const double Target = 2.0;
        private const int BareLines = 3;
        private const int Word = 3;
        private const int DotNet = 4;

        private static readonly (string Name, IWay Way)[] Ways =
        {
            ("cache line, stored", new Stored()),
            ("cache line, without a pause", new StoredWithoutPause()),
            ("cache line, swapped", new Swapped()),
            ("one word, added to by both", new Added()),
            (".NET to .NET", new Trips()),
            (".NET to .NET, in batches", new Batches()),
        };

        private static int Main(string[] arguments)
        {
            int rounds = Number(arguments, "--rounds", 40);
            int count = Number(arguments, "--trips", 20_000);
            int answering = Array.IndexOf(arguments, "--answer");
            if (answering >= 0)
            {
                Answer(arguments[answering + 1], Number(arguments, "--processor", 0), count);
                return 0;
            }

            List<int> processors = Machine.Processors();
            if (processors.Count < 2)
            {
                Console.WriteLine("skipped: a round trip between two processors needs two, and this process may use one");
                return 0;
            }

            Console.WriteLine(
                $"two processes on processors {processors[0]} and {processors[1]}, {rounds} rounds of {count} trips; "
                + $".NET {Environment.Version}; load before: {File.ReadAllText("/proc/loadavg").Trim()}");
            using OwnedRegion region = SharedRegion.Create($"bench-{Environment.ProcessId}", 4096);
            using Process other = Start(region.Name, processors[1], count);
            Machine.Pin(processors[0]);
            var found = Ways.Select(_ => new List<Percentiles>()).ToArray();
            for (int round = 0; round < rounds; round++)
            {
                for (int way = 0; way < Ways.Length; way++)
                {
                    other.StandardInput.WriteLine(way);
                    found[way].Add(Percentiles.Measure(Ways[way].Way, region, count));
                }
            }

            other.StandardInput.Close();
            other.WaitForExit();
            Report(found);
            return other.ExitCode;
        }

        private static void Report(List<Percentiles>[] found)
        {
            for (int way = 0; way < Ways.Length; way++)
            {
                double p50 = Percentiles.Median(found[way].Select(round => round.P50));
                double p99 = Percentiles.Median(found[way].Select(round => round.P99));
                Console.WriteLine($"{Ways[way].Name,-28} p50 {p50,6:F0} ns   p99 {p99,6:F0} ns");
            }

            int quickest = Enumerable.Range(0, BareLines)
                .OrderBy(way => Percentiles.Median(found[way].Select(round => round.P50))).First();
            double ratio = Percentiles.Ratio(found[DotNet], found[quickest]);
            string verdict = ratio <= Target ? "met" : "MISSED";
            Console.WriteLine(
                $"p50 of {Ways[DotNet].Name} to {Ways[quickest].Name}: {ratio:F2}, target {Target:F1}, {verdict} in this run");
            Console.WriteLine($"p50 of {Ways[DotNet].Name} to {Ways[Word].Name}: {Percentiles.Ratio(found[DotNet], found[Word]):F2}");
        }

        /// <summary>The other process: it takes the turns that its standard input names.</summary>
        private static void Answer(string name, int processor, int count)
        {
            Machine.EndWithParent();
            Machine.Pin(processor);
            using SharedRegion region = SharedRegion.Open(name);
            while (Console.ReadLine() is string way)
            {
                Ways[int.Parse(way, CultureInfo.InvariantCulture)].Way.Answer(region, Percentiles.WarmUp(count) + count);
            }
        }

        private static Process Start(string region, int processor, int count)
        {
            var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true };
            string own = Environment.GetCommandLineArgs()[0];
            if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
            {
                start.ArgumentList.Add(own);
            }

            foreach (string argument in new[] { "--answer", region, "--processor", $"{processor}", "--trips", $"{count}" })
            {
                start.ArgumentList.Add(argument);
            }

            Process other = Process.Start(start)!;
            other.EnableRaisingEvents = true;
            other.Exited += (sender, _) =>
            {
                // Without the other side this one would spin for ever.
                if (other.ExitCode != 0)
                {
                    Environment.FailFast($"the other process ended with {other.ExitCode}");
                }
            };
            return other;
        }

        private static int Number(string[] arguments, string option, int otherwise)
        {
            int at = Array.IndexOf(arguments, option);
            return at < 0 ? otherwise : int.Parse(arguments[at + 1], CultureInfo.InvariantCulture);
        }
    }
}
