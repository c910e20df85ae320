// Waiting without a thread: tasks, cancellation, streams.

using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace Zinc.Tests
{
    public class AsyncTests
    {
        [Fact]
        public async Task ANotificationEndsThePendingTasksOfAHandle()
        {
            using OwnedRegion owner = SharedRegion.Create(Support.Unique(), 1);
            using SharedRegion peer = SharedRegion.Open(owner.Name);
            Task<bool>[] waits = Enumerable.Range(0, 100).Select(_ => peer.WaitAsync(-1)).ToArray();
            Assert.True(waits.All(wait => !wait.IsCompleted));
            owner.Notify();
            Assert.True((await Task.WhenAll(waits)).All(notified => notified));
            Assert.False(await peer.WaitAsync(0));
        }

        [Fact]
        public async Task ItIsFalseWhenTheTimeIsUp()
        {
            using OwnedRegion owner = SharedRegion.Create(Support.Unique(), 1);
            using SharedRegion peer = SharedRegion.Open(owner.Name);
            Assert.False(await peer.WaitAsync(1));
            Assert.False(await peer.WaitAsync(TimeSpan.FromTicks(1)));
            Assert.False(await peer.WaitAsync(TimeSpan.Zero));
            owner.Notify();
            Assert.True(await peer.WaitAsync(TimeSpan.MaxValue));
            owner.Notify();
            Assert.True(await peer.WaitAsync(Timeout.InfiniteTimeSpan));
            owner.Notify();
            await peer.WaitAsync();
        }

        [Fact]
        public async Task CancellingTakesEffectAtOnceAndLosesNothing()
        {
            using OwnedRegion owner = SharedRegion.Create(Support.Unique(), 1);
            using SharedRegion peer = SharedRegion.Open(owner.Name);
            using var stopping = new CancellationTokenSource();
            Task<bool> cancelled = peer.WaitAsync(-1, stopping.Token);
            Task<bool> goesOn = peer.WaitAsync(-1);
            stopping.Cancel();
            Assert.True(cancelled.IsCanceled, "not at once");
            Assert.Equal(stopping.Token, (await Assert.ThrowsAsync<TaskCanceledException>(() => cancelled)).CancellationToken);
            Assert.False(goesOn.IsCompleted);
            owner.Notify();
            Assert.True(await goesOn);
            Assert.True(peer.WaitAsync(-1, stopping.Token).IsCanceled);
        }

        [Fact]
        public async Task ATokenThatIsCancelledWhileTheNotificationComesGivesOneOrTheOther()
        {
            using OwnedRegion owner = SharedRegion.Create(Support.Unique(), 1);
            using SharedRegion peer = SharedRegion.Open(owner.Name);
            for (int round = 0; round < 500; round++)
            {
                using var stopping = new CancellationTokenSource();
                Task<bool> wait = peer.WaitAsync(-1, stopping.Token);
                Task cancel = Task.Run(stopping.Cancel);
                owner.Notify();
                await cancel;
                try
                {
                    Assert.True(await wait);
                }
                catch (OperationCanceledException)
                {
                    Assert.True(await peer.WaitAsync(-1), "the notification is lost");
                }
            }
        }

        [Fact]
        public async Task WhatEndsAWaitEndsTasksToo()
        {
            OwnedRegion owner = SharedRegion.Create(Support.Unique(), 1);
            SharedRegion peer = SharedRegion.Open(owner.Name);
            using SharedRegion other = peer.Clone();
            Task<bool> interrupted = peer.WaitAsync(-1);
            peer.Interrupt();
            Assert.Contains(owner.Name, (await Assert.ThrowsAsync<WaitInterruptedException>(() => interrupted)).Message);
            Task<bool> disposed = peer.WaitAsync(-1);
            peer.Dispose();
            await Assert.ThrowsAsync<ClosedException>(() => disposed);
            await Assert.ThrowsAsync<ClosedException>(() => peer.WaitAsync(-1));
            Task<bool> ended = other.WaitAsync(-1);
            owner.Dispose();
            await Assert.ThrowsAsync<ClosedException>(() => ended);
        }

        [Fact]
        public async Task AStreamGivesEveryNotificationUntilTheRegionEnds()
        {
            OwnedRegion owner = SharedRegion.Create(Support.Unique(), 1);
            using SharedRegion peer = SharedRegion.Open(owner.Name);
            var seen = new List<ulong>();
            owner.Notify();
            await foreach (ulong sequence in peer.Notifications())
            {
                seen.Add(sequence);
                if (sequence < 50)
                {
                    owner.Notify();
                }
                else
                {
                    owner.Dispose();
                }
            }

            Assert.Equal(Enumerable.Range(1, 50).Select(number => (ulong)number), seen);
            peer.Dispose();
            await Assert.ThrowsAsync<ClosedException>(async () => await peer.Notifications().GetAsyncEnumerator().MoveNextAsync());
        }

        [Fact]
        public async Task AStreamEndsWithItsToken()
        {
            using OwnedRegion owner = SharedRegion.Create(Support.Unique(), 1);
            using SharedRegion peer = SharedRegion.Open(owner.Name);
            using var stopping = new CancellationTokenSource();
            owner.Notify();
            int count = 0;
            await Assert.ThrowsAsync<TaskCanceledException>(async () =>
            {
                await foreach (ulong sequence in peer.Notifications().WithCancellation(stopping.Token))
                {
                    count++;
                    stopping.Cancel();
                }
            });
            Assert.Equal(1, count);
        }

        [Fact]
        public async Task APendingTaskKeepsItsHandleFromTheCollector()
        {
            using OwnedRegion owner = SharedRegion.Create(Support.Unique(), 1);
            Task<bool> wait = OpenAndWait(owner.Name);
            GC.Collect();
            GC.WaitForPendingFinalizers();
            owner.Notify();
            Assert.True(await wait);
            wait = Task.FromResult(false);
        }

        [Fact]
        public void WaitsThatAreOverOrCancelledLeaveNothingBehind()
        {
            using OwnedRegion owner = SharedRegion.Create(Support.Unique(), 1);
            using var longLived = new CancellationTokenSource();
            WeakReference[] handles = WaitAndForget(owner, longLived.Token);
            Support.CollectUntil(() => !handles.Any(handle => handle.IsAlive));
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static Task<bool> OpenAndWait(string name) => SharedRegion.Open(name).WaitAsync(-1);

        /// <summary>The handles of waits that ended with a notification, with their time, and by being cancelled.</summary>
        [MethodImpl(MethodImplOptions.NoInlining)]
        private static WeakReference[] WaitAndForget(OwnedRegion owner, CancellationToken longLived)
        {
            SharedRegion[] peers = Enumerable.Range(0, 3).Select(_ => SharedRegion.Open(owner.Name)).ToArray();
            Assert.False(peers[0].WaitAsync(1, longLived).GetAwaiter().GetResult());
            using (var stopping = new CancellationTokenSource())
            {
                Task<bool> wait = peers[1].WaitAsync(-1, stopping.Token);
                stopping.Cancel();
                Assert.True(wait.IsCanceled);
            }

            Task<bool> notified = peers[2].WaitAsync(-1, longLived);
            owner.Notify();
            Assert.True(notified.GetAwaiter().GetResult());
            return peers.Select(peer => new WeakReference(peer)).ToArray();
        }
    }
}
