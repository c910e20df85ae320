// Who keeps the memory, and who ends what.

using System;
using System.Buffers;
using System.Collections.Concurrent;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace Zinc.Tests
{
    public class LifetimeTests
    {
        [Fact]
        public void DisposeEndsTheWaitsOf64ThreadsOnThatHandle()
        {
            const int count = 64;
            using OwnedRegion owner = SharedRegion.Create(Support.Unique(), 4096);
            SharedRegion region = SharedRegion.Open(owner.Name);
            var ended = new ConcurrentBag<Exception>();
            Thread[] threads = Enumerable.Range(0, count).Select(_ => new Thread(() =>
            {
                try
                {
                    region.Wait();
                }
                catch (Exception error)
                {
                    ended.Add(error);
                }
            })).ToArray();
            Array.ForEach(threads, thread => thread.Start());
            Support.UntilParked(region, count);

            region.Dispose();

            Array.ForEach(threads, thread => thread.Join());
            Assert.Equal(count, ended.Count(error => error is ClosedException));
            owner.Notify();
        }

        [Fact]
        public void ARegionThatNobodyDisposesOfIsClosedAndUnmappedByTheCollector()
        {
            string name = Support.Unique();
            OpenAndForget(name);
            Support.CollectUntil(() => !Support.IsMapped(name));
            Assert.Throws<NotFoundException>(() => SharedRegion.Open(name));
        }

        [Fact]
        public void DisposeUnmapsAtOnceWhatWasNeverLookedAt()
        {
            using OwnedRegion owner = SharedRegion.Create(Support.Unique(), 4096);
            SharedRegion region = SharedRegion.Open(owner.Name);
            Assert.True(Support.IsMapped(owner.Name));
            region.Dispose();
            Assert.False(Support.IsMapped(owner.Name));
        }

        [Fact]
        public void DisposeGivesTheMemoryOfSpansBackAtOnce()
        {
            using OwnedRegion owner = SharedRegion.Create(Support.Unique(), 4096);
            SharedRegion region = SharedRegion.Open(owner.Name);
            region.AsSpan()[0] = 1;
            Assert.True(Support.IsMapped(owner.Name));
            region.Dispose();
            Assert.False(Support.IsMapped(owner.Name));
            GC.KeepAlive(region);
        }

        [Fact]
        public void AMemoryOutlivesItsHandleAndTheOwner()
        {
            string name = Support.Unique();
            Memory<byte> memory = WriteAndKeep(name);
            CollectThrice();
            Assert.Equal(99, memory.Span[4095]);
            memory.Span[4095] = 98;
            Assert.Equal(98, memory.Slice(4000).Span[95]);
            Assert.True(Support.IsMapped(name));
            GC.KeepAlive(memory);
        }

        [Fact]
        public void TheMappingGoesWithTheLastMemoryOfAClosedHandle()
        {
            string name = Support.Unique();
            ReadAndForget(name);
            Support.CollectUntil(() => !Support.IsMapped(name));
        }

        [Fact]
        public void APinnedMemoryStaysUntilItIsUnpinned()
        {
            string name = Support.Unique();
            PinAndUnpin(name);
            Support.CollectUntil(() => !Support.IsMapped(name));
        }

        [Fact]
        public void ATensorOutlivesItsHandle()
        {
            var shape = new long[] { 2, 3 };
            using OwnedRegion owner = SharedRegion.CreateTensor(Support.Unique(), DType.Float32, shape);
            SharedRegion region = SharedRegion.Open(owner.Name);
            Tensor<float> tensor = region.AsTensor<float>();
            region.Dispose();
            CollectThrice();
            owner.AsTensor<float>().Span[5] = 1.5f;
            Assert.Equal(1.5f, tensor[5]);
            Assert.True(Support.IsMapped(owner.Name));
            GC.KeepAlive(tensor);
        }

        [Fact]
        public void ASpanFromBeforeDisposeMeetsZeros()
        {
            OwnedRegion region = SharedRegion.Create(Support.Unique(), 1 << 20);
            Span<byte> span = region.AsSpan();
            span.Fill(1);
            region.Dispose();
            for (int at = 0; at < span.Length; at += 4096)
            {
                Assert.Equal(0, span[at]);
                span[at] = 2;
            }

            GC.KeepAlive(region);
        }

        [Fact]
        public void SpansMayBeInUseWhenAnotherThreadDisposes()
        {
            using OwnedRegion owner = SharedRegion.Create(Support.Unique(), 4096);
            for (int round = 0; round < 200; round++)
            {
                SharedRegion region = SharedRegion.Open(owner.Name);
                using var ready = new ManualResetEventSlim();
                var user = new Thread(() =>
                {
                    try
                    {
                        while (true)
                        {
                            region.AsSpan().Fill(3);
                            ready.Set();
                        }
                    }
                    catch (ClosedException)
                    {
                        // which is how it learns of the end
                    }
                });
                user.Start();
                ready.Wait();
                region.Dispose();
                user.Join();
            }
        }

        [Fact]
        public void AfterDisposeEverythingIsAClosedException()
        {
            OwnedRegion region = SharedRegion.CreateTensor(Support.Unique(), DType.UInt8, new long[] { 8 });
            region.Dispose();
            region.Dispose();
            region.Close();
            region.Interrupt();
            Assert.True(region.IsClosed);
            Assert.Equal(8, region.Capacity);
            Action[] calls =
            {
                () => region.Notify(), () => region.Wait(), () => region.Wait(0), () => region.Wait(TimeSpan.Zero),
                () => region.WaitPast(0, 0), () => region.AsSpan(), () => region.AsSpan<int>(), () => region.AsSpan(0, 1),
                () => region.AsReadOnlySpan(), () => region.AsMemory(), () => region.AsReadOnlyMemory(),
                () => region.AsTensor<byte>(), () => region.GetDescriptor(), () => region.GetInfo(), () => region.Clone(),
                () => region.Unlink(), () => region.Persist(), () => region.Describe(DType.UInt8, 8),
                () => _ = region.Sequence,
            };
            foreach (Action call in calls)
            {
                Assert.Equal(ErrorKind.Closed, Assert.Throws<ClosedException>(call).Kind);
            }
        }

        [Fact]
        public void AWaitKeepsItsHandleFromTheCollector()
        {
            using OwnedRegion owner = SharedRegion.Create(Support.Unique(), 4096);
            using var opened = new ManualResetEventSlim();
            Task<bool> wait = Task.Run(() =>
            {
                SharedRegion forgotten = SharedRegion.Open(owner.Name);
                opened.Set();
                return forgotten.Wait(-1);
            });
            opened.Wait();
            CollectThrice();
            owner.Notify();
            Assert.True(wait.GetAwaiter().GetResult());
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static void OpenAndForget(string name)
        {
            OwnedRegion owner = SharedRegion.Create(name, 4096);
            owner.AsSpan()[0] = 1;
            SharedRegion.Open(name).AsMemory().Span[0] = 2;
            Assert.True(Support.IsMapped(name));
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static Memory<byte> WriteAndKeep(string name)
        {
            using OwnedRegion owner = SharedRegion.Create(name, 4096);
            using SharedRegion region = SharedRegion.Open(name);
            Memory<byte> memory = region.AsMemory();
            memory.Span[4095] = 99;
            return memory;
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static void ReadAndForget(string name)
        {
            ReadOnlyMemory<byte> memory = WriteAndKeep(name);
            Assert.Equal(99, memory.Span[4095]);
            Assert.True(Support.IsMapped(name));
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static unsafe void PinAndUnpin(string name)
        {
            using MemoryHandle pin = WriteAndKeep(name).Slice(4090).Pin();
            CollectThrice();
            Assert.Equal(99, ((byte*)pin.Pointer)[5]);
            Assert.True(Support.IsMapped(name));
        }

        private static void CollectThrice()
        {
            for (int round = 0; round < 3; round++)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
        }
    }
}
