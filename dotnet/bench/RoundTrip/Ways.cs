// The ways in which two processes answer each other.

using System;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using System.Threading;

namespace Zinc.Bench
{
    internal interface IWay
    {
        /// <summary>Makes as many trips as there are times, and notes when each had begun.</summary>
        void Begin(SharedRegion region, long[] times);

        /// <summary>The other side of it.</summary>
        void Answer(SharedRegion region, int trips);
    }

    /// <summary>Zinc as it comes, each trip timed.</summary>
    internal class Trips : IWay
    {
        private const int Patience = 10_000;

        public virtual void Begin(SharedRegion region, long[] times)
        {
            for (int trip = 0; trip < times.Length; trip++)
            {
                region.Notify();
                times[trip] = Stopwatch.GetTimestamp();
                Wait(region);
            }
        }

        public void Answer(SharedRegion region, int trips)
        {
            for (int trip = 0; trip < trips; trip++)
            {
                Wait(region);
                region.Notify();
            }
        }

        protected static void Wait(SharedRegion region)
        {
            if (!region.Wait(Patience))
            {
                throw new TimeoutException("the other process does not answer");
            }
        }
    }

    /// <summary>The same, timed in batches: each trip of a batch counts as having taken its average.</summary>
    internal sealed class Batches : Trips
    {
        private const int Batch = 100;

        public override void Begin(SharedRegion region, long[] times)
        {
            for (int first = 0; first < times.Length; first += Batch)
            {
                Span<long> part = times.AsSpan(first, Math.Min(Batch, times.Length - first));
                long started = Stopwatch.GetTimestamp();
                for (int trip = 0; trip < part.Length; trip++)
                {
                    region.Notify();
                    Wait(region);
                }

                long took = Stopwatch.GetTimestamp() - started;
                for (int trip = 0; trip < part.Length; trip++)
                {
                    part[trip] = started + (took * trip / part.Length);
                }
            }
        }
    }

    /// <summary>A bare way: each side writes to memory on which the other spins, a cache line for each.</summary>
    internal abstract unsafe class Bare : IWay
    {
        private const int Line = 128;

        public void Begin(SharedRegion region, long[] times)
        {
            Span<byte> data = region.AsSpan();
            data.Slice(0, 3 * Line).Clear();
            fixed (byte* start = data)
            {
                BeginTrips((ulong*)start, (ulong*)(start + Line), (ulong*)(start + (2 * Line)), times);
            }
        }

        public void Answer(SharedRegion region, int trips)
        {
            fixed (byte* start = region.AsSpan())
            {
                AnswerTrips((ulong*)start, (ulong*)(start + Line), (ulong*)(start + (2 * Line)), (ulong)trips);
            }
        }

        protected abstract void BeginTrips(ulong* there, ulong* back, ulong* both, long[] times);

        protected abstract void AnswerTrips(ulong* there, ulong* back, ulong* both, ulong trips);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        protected static void Await(ulong* word, ulong value)
        {
            while (Volatile.Read(ref *word) != value)
            {
                Pause();
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Pause()
        {
            // Thread.SpinWait is calibrated to take longer than a trip.
            if (X86Base.IsSupported)
            {
                X86Base.Pause();
            }
        }
    }

    internal sealed unsafe class Stored : Bare
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        protected override void BeginTrips(ulong* there, ulong* back, ulong* both, long[] times)
        {
            for (int trip = 0; trip < times.Length; trip++)
            {
                Volatile.Write(ref *there, (ulong)trip + 1);
                times[trip] = Stopwatch.GetTimestamp();
                Await(back, (ulong)trip + 1);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        protected override void AnswerTrips(ulong* there, ulong* back, ulong* both, ulong trips)
        {
            for (ulong trip = 1; trip <= trips; trip++)
            {
                Await(there, trip);
                Volatile.Write(ref *back, trip);
            }
        }
    }

    internal sealed unsafe class StoredWithoutPause : Bare
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        protected override void BeginTrips(ulong* there, ulong* back, ulong* both, long[] times)
        {
            for (int trip = 0; trip < times.Length; trip++)
            {
                Volatile.Write(ref *there, (ulong)trip + 1);
                times[trip] = Stopwatch.GetTimestamp();
                while (Volatile.Read(ref *back) != (ulong)trip + 1)
                {
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        protected override void AnswerTrips(ulong* there, ulong* back, ulong* both, ulong trips)
        {
            for (ulong trip = 1; trip <= trips; trip++)
            {
                while (Volatile.Read(ref *there) != trip)
                {
                }

                Volatile.Write(ref *back, trip);
            }
        }
    }

    internal sealed unsafe class Swapped : Bare
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        protected override void BeginTrips(ulong* there, ulong* back, ulong* both, long[] times)
        {
            for (int trip = 0; trip < times.Length; trip++)
            {
                Interlocked.Exchange(ref *(long*)there, trip + 1);
                times[trip] = Stopwatch.GetTimestamp();
                Await(back, (ulong)trip + 1);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        protected override void AnswerTrips(ulong* there, ulong* back, ulong* both, ulong trips)
        {
            for (ulong trip = 1; trip <= trips; trip++)
            {
                Await(there, trip);
                Interlocked.Exchange(ref *(long*)back, (long)trip);
            }
        }
    }

    internal sealed unsafe class Added : Bare
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        protected override void BeginTrips(ulong* there, ulong* back, ulong* both, long[] times)
        {
            for (int trip = 0; trip < times.Length; trip++)
            {
                Interlocked.Increment(ref *(long*)both);
                times[trip] = Stopwatch.GetTimestamp();
                Await(both, 2 * ((ulong)trip + 1));
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        protected override void AnswerTrips(ulong* there, ulong* back, ulong* both, ulong trips)
        {
            for (ulong trip = 1; trip <= trips; trip++)
            {
                Await(both, (2 * trip) - 1);
                Interlocked.Increment(ref *(long*)both);
            }
        }
    }
}
