// What several tests need: names of their own, and what the kernel knows of this process.

using System;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;

namespace Zinc.Tests
{
    internal static class Support
    {
        private static int _names;

        /// <summary>A name that nobody else has.</summary>
        internal static string Unique([CallerMemberName] string test = "")
        {
            string part = test.Length > 60 ? test.Substring(0, 60) : test;
            return $"cs-{Environment.ProcessId}-{Interlocked.Increment(ref _names)}-{part}";
        }

        /// <summary>Whether this process has mapped the region by its name; what an owner maps has none yet.</summary>
        internal static bool IsMapped(string name)
        {
            return File.ReadLines("/proc/self/maps").Any(line => line.Contains("zinc." + name, StringComparison.Ordinal));
        }

        /// <summary>Collects until something is so: finalizers run on a thread of their own.</summary>
        internal static void CollectUntil(Func<bool> condition)
        {
            while (!condition())
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
        }

        /// <summary>Waits until so many threads of this process sleep in the kernel on a futex in a mapping of a file.</summary>
        internal static void UntilParked(int threads)
        {
            const int futexWaitv = 449;
            while (Directory.GetDirectories("/proc/self/task").Count(task => SystemCall(task) == futexWaitv) < threads)
            {
                Thread.Yield();
            }
        }

        private static int SystemCall(string task)
        {
            try
            {
                string first = File.ReadAllText(task + "/syscall").Split(' ')[0];
                return int.TryParse(first, out int number) ? number : -1;
            }
            catch (IOException)
            {
                return -1; // the thread has ended meanwhile
            }
        }
    }
}
