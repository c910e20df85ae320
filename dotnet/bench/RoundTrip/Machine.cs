// Processors and processes, by libc: .NET pins whole processes, and does not tie a child to its parent.

using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Zinc.Bench
{
    internal static unsafe class Machine
    {
        private const int Words = 16;
        private const int BitsOfWord = 64;
        private const int DeathSignal = 1;
        private const ulong Kill = 9;

        /// <summary>Those that this thread may use.</summary>
        internal static List<int> Processors()
        {
            ulong* set = stackalloc ulong[Words];
            Check(sched_getaffinity(0, (UIntPtr)(Words * sizeof(ulong)), set));
            var found = new List<int>();
            for (int processor = 0; processor < Words * BitsOfWord; processor++)
            {
                if ((set[processor / BitsOfWord] >> (processor % BitsOfWord) & 1) != 0)
                {
                    found.Add(processor);
                }
            }

            return found;
        }

        /// <summary>Keeps this thread on one processor.</summary>
        internal static void Pin(int processor)
        {
            ulong* set = stackalloc ulong[Words];
            set[processor / BitsOfWord] = 1UL << (processor % BitsOfWord);
            Check(sched_setaffinity(0, (UIntPtr)(Words * sizeof(ulong)), set));
        }

        /// <summary>This process may be spinning when its parent is stopped, and would for ever.</summary>
        internal static void EndWithParent() => Check(prctl(DeathSignal, Kill, 0, 0, 0));

        private static void Check(int result)
        {
            if (result < 0)
            {
                throw new Win32Exception();
            }
        }

        [DllImport("libc")]
        private static extern int sched_getaffinity(int thread, UIntPtr size, ulong* set);

        [DllImport("libc")]
        private static extern int sched_setaffinity(int thread, UIntPtr size, ulong* set);

        [DllImport("libc")]
        private static extern int prctl(int option, ulong second, ulong third, ulong fourth, ulong fifth);
    }
}
