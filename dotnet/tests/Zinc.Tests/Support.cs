// What several tests need: names of their own, and what the kernel knows of this process.

using System;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using Xunit;

// What one test sees of the process must be its own doing.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

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

        /// <summary>Waits until so many threads of this process sleep in the kernel on this handle's mapping.</summary>
        internal static void UntilParked(SharedRegion region, int threads)
        {
            while (Directory.GetDirectories("/proc/self/task").Count(task => IsParked(task, region)) < threads)
            {
                Thread.Yield();
            }
        }

        /// <summary>By proc(5), <c>syscall</c>: the number of the system call, then its arguments.</summary>
        private static unsafe bool IsParked(string task, SharedRegion region)
        {
            const int futex = 202;
            const int futexWaitv = 449;
            try
            {
                string[] words = File.ReadAllText(task + "/syscall").Split(' ');
                if (!int.TryParse(words[0], out int call) || (call != futex && call != futexWaitv))
                {
                    return false;
                }

                ulong argument = Convert.ToUInt64(words[1], 16);
                ulong count = call == futex ? 1 : Convert.ToUInt64(words[2], 16);
                for (ulong waiter = 0; waiter < count; waiter++)
                {
                    // A struct futex_waitv has the value, the address, and the flags, in 24 bytes on that thread's stack.
                    ulong address = call == futex ? argument : *(ulong*)(argument + (24 * waiter) + 8);
                    if (IsInHeader(address, region))
                    {
                        return true;
                    }
                }

                return false;
            }
            catch (IOException)
            {
                return false; // the thread has ended meanwhile
            }
        }

        private static unsafe bool IsInHeader(ulong address, SharedRegion region)
        {
            const ulong header = 4096;
            fixed (byte* data = region.AsReadOnlySpan())
            {
                return address < (ulong)data && address >= (ulong)data - header;
            }
        }
    }
}
