// Waiting on a thread, with every form of a timeout.

using System;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace Zinc.Tests
{
    public class WaitTests
    {
        [Fact]
        public void ANotificationFromBeforeTheOpeningEndsTheFirstWait()
        {
            using OwnedRegion owner = SharedRegion.Create(Support.Unique(), 1);
            owner.Notify();
            using SharedRegion peer = SharedRegion.Open(owner.Name);
            Assert.True(peer.Wait(0));
            Assert.False(peer.Wait(0));
            Assert.Equal(1UL, peer.Sequence);
        }

        [Fact]
        public void ItTakesEveryFormOfATimeout()
        {
            using OwnedRegion owner = SharedRegion.Create(Support.Unique(), 1);
            using SharedRegion peer = SharedRegion.Open(owner.Name);
            Assert.False(peer.Wait(1));
            Assert.False(peer.Wait(TimeSpan.FromMilliseconds(0.01)));
            Assert.False(peer.Wait(TimeSpan.Zero));
            Assert.False(peer.WaitPast(0, 1).HasValue);
            Assert.False(peer.WaitPast(0, TimeSpan.FromTicks(1)).HasValue);
            owner.Notify();
            peer.Wait();
            owner.Notify();
            Assert.True(peer.Wait(Timeout.Infinite));
            owner.Notify();
            Assert.True(peer.Wait(Timeout.InfiniteTimeSpan));
            owner.Notify();
            Assert.True(peer.Wait(TimeSpan.MaxValue));
            owner.Notify();
            Assert.True(peer.Wait(int.MaxValue));
            Assert.Equal(5UL, peer.WaitPast(0, Timeout.Infinite));
            Assert.Equal(5UL, peer.WaitPast(4, TimeSpan.MaxValue));
        }

        [Fact]
        public void ANegativeNumberIsRefusedUnlessItIsForEver()
        {
            using OwnedRegion region = SharedRegion.Create(Support.Unique(), 1);
            Action[] calls =
            {
                () => region.Wait(-2), () => region.WaitPast(0, int.MinValue), () => region.WaitAsync(-2),
            };
            foreach (Action call in calls)
            {
                Assert.Equal("milliseconds", Assert.Throws<ArgumentOutOfRangeException>(call).ParamName);
            }
        }

        [Fact]
        public void OfATimeSpanBelowZeroNothingIsLeft()
        {
            using OwnedRegion owner = SharedRegion.Create(Support.Unique(), 1);
            using SharedRegion region = SharedRegion.Open(owner.Name);
            foreach (TimeSpan left in new[] { TimeSpan.FromTicks(-1), TimeSpan.FromHours(-1), TimeSpan.MinValue })
            {
                Assert.False(region.Wait(left));
                Assert.False(region.WaitPast(0, left).HasValue);
                Assert.False(region.WaitAsync(left).GetAwaiter().GetResult());
                var options = new RegionOptions { Timeout = left };
                Assert.Throws<NotFoundException>(() => SharedRegion.Open(owner.Name + "-none", options));
            }

            owner.Notify();
            Assert.True(region.Wait(TimeSpan.MinValue));
        }

        [Fact]
        public void InterruptEndsTheWaitsOfItsHandleOnly()
        {
            using OwnedRegion owner = SharedRegion.Create(Support.Unique(), 1);
            using SharedRegion one = SharedRegion.Open(owner.Name);
            using SharedRegion other = one.Clone();
            Task<bool> interrupted = Task.Run(() => one.Wait(-1));
            Task<bool> notified = Task.Run(() => other.Wait(-1));
            Support.UntilParked(one, 2);
            one.Interrupt();
            Assert.Throws<WaitInterruptedException>(() => { interrupted.GetAwaiter().GetResult(); });
            owner.Notify();
            Assert.True(notified.GetAwaiter().GetResult());
        }

        [Fact]
        public void TheOwnersDisposeEndsThePeersWaitsAfterWhatWasNotified()
        {
            OwnedRegion owner = SharedRegion.Create(Support.Unique(), 1);
            using SharedRegion peer = SharedRegion.Open(owner.Name);
            owner.Notify();
            owner.Dispose();
            Assert.True(peer.Wait(-1));
            Assert.Throws<ClosedException>(() => { peer.Wait(-1); });
        }

        [Fact]
        public void ItsOwnNotificationsDoNotEndItsWaits()
        {
            using OwnedRegion owner = SharedRegion.Create(Support.Unique(), 1);
            owner.Notify();
            Assert.False(owner.Wait(0));
            Assert.Equal(1UL, owner.WaitPast(0, 0));
        }

        [Fact]
        public void OpenWaitsForARegionToAppear()
        {
            string name = Support.Unique();
            Task<SharedRegion> opening =
                Task.Run(() => SharedRegion.Open(name, new RegionOptions { Timeout = Timeout.InfiniteTimeSpan }));
            using OwnedRegion owner = SharedRegion.Create(name, 1);
            using SharedRegion peer = opening.GetAwaiter().GetResult();
            Assert.Equal(name, peer.Name);
            var brief = new RegionOptions { Timeout = TimeSpan.FromMilliseconds(1) };
            Assert.Throws<NotFoundException>(() => SharedRegion.Open(Support.Unique(), brief));
        }
    }
}
