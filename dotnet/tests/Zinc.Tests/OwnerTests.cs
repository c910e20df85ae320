// The owner's words, opens without a thread, and what keeps an owner.

using System;
using System.IO;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace Zinc.Tests
{
    public class OwnerTests
    {
        [Fact]
        public void ARegionIsSeenOnlyWhenItIsFilledAndLinked()
        {
            string name = Support.Unique();
            using OwnedRegion owner = SharedRegion.Create(name, 8, new RegionOptions { Unlinked = true });
            Assert.False(owner.IsNamed());
            Assert.Throws<NotFoundException>(() => SharedRegion.Open(name));
            owner.AsSpan()[7] = 7;
            owner.Link();
            owner.Link();
            Assert.True(owner.IsNamed());
            using SharedRegion peer = SharedRegion.Open(name);
            Assert.Equal(7, peer.AsSpan()[7]);
            File.Delete(owner.GetInfo().Path);
            Assert.False(owner.IsNamed());
            Assert.Equal("Link", Assert.Throws<UnsupportedException>(() => owner.Link()).Operation);
        }

        [Fact]
        public void ACopyOnWriteOpenKeepsItsWritesToItself()
        {
            using OwnedRegion owner = SharedRegion.Create(Support.Unique(), 8);
            using SharedRegion copy = SharedRegion.Open(owner.Name, new RegionOptions { CopyOnWrite = true });
            copy.AsSpan()[0] = 9;
            Assert.Equal(9, copy.AsSpan()[0]);
            Assert.Equal(0, owner.AsSpan()[0]);
        }

        [Fact]
        public void AGroupWithoutRightsIsRefusedAndAModeOfItsOwnIsTaken()
        {
            var options = new RegionOptions { Group = 0, Mode = Convert.ToInt32("600", 8) };
            ArgumentException refused = Assert.Throws<ArgumentException>(() => SharedRegion.Create(Support.Unique(), 8, options));
            Assert.Equal("options", refused.ParamName);
#if NET8_0_OR_GREATER
            const UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
            using OwnedRegion owner = SharedRegion.Create(Support.Unique(), 8, new RegionOptions { UnixFileMode = mode });
            Assert.Equal(mode, File.GetUnixFileMode(owner.GetInfo().Path));
#endif
        }

        [Fact]
        public void AMemoryAndATensorKeepTheirOwnerFromTheCollector()
        {
            string first = Support.Unique();
            string second = Support.Unique();
            Memory<byte> memory = MemoryOf(first);
            Tensor<int> tensor = TensorOf(second);
            for (int round = 0; round < 3; round++)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }

            SharedRegion.Open(first).Dispose();
            SharedRegion.Open(second).Dispose();
            GC.KeepAlive(memory);
            GC.KeepAlive(tensor);
        }

        [Fact]
        public void OpenAsyncWaitsForARegionToAppear()
        {
            string name = Support.Unique();
            var forEver = new RegionOptions { Timeout = Timeout.InfiniteTimeSpan };
            Task<SharedRegion> opening = SharedRegion.OpenAsync(name, forEver);
            using OwnedRegion owner = SharedRegion.Create(name, 8);
            using SharedRegion peer = opening.GetAwaiter().GetResult();
            owner.Notify();
            Assert.True(peer.Wait(0));
        }

        [Fact]
        public async Task OpenAsyncEndsWithItsTokenOrItsTime()
        {
            string name = Support.Unique();
            var forEver = new RegionOptions { Timeout = Timeout.InfiniteTimeSpan };
            using var stopping = new CancellationTokenSource();
            Task<SharedRegion> opening = SharedRegion.OpenAsync(name, forEver, stopping.Token);
            stopping.Cancel();
            await Assert.ThrowsAsync<TaskCanceledException>(() => opening);
            await Assert.ThrowsAsync<TaskCanceledException>(() => SharedRegion.OpenAsync(name, forEver, stopping.Token));
            var soon = new RegionOptions { Timeout = TimeSpan.FromMilliseconds(5) };
            await Assert.ThrowsAsync<NotFoundException>(() => SharedRegion.OpenAsync(name, soon));
            Assert.Throws<ArgumentNullException>(() => SharedRegion.OpenAsync(null!));
        }

        [Fact]
        public unsafe void ForgottenRegionsAreClosedWhenThereAreTooManyFiles()
        {
            const int files = 7; // RLIMIT_NOFILE
            ulong* before = stackalloc ulong[2];
            Assert.Equal(0, getrlimit(files, before));
            ulong* few = stackalloc ulong[2] { (ulong)Directory.GetFiles("/proc/self/fd").Length + 60, before[1] };
            Assert.Equal(0, setrlimit(files, few));
            try
            {
                for (int round = 0; round < 500; round++)
                {
                    _ = MemoryOf(Support.Unique());
                }
            }
            finally
            {
                Assert.Equal(0, setrlimit(files, before));
            }
        }

        [DllImport("libc")]
        private static extern unsafe int getrlimit(int what, ulong* limits);

        [DllImport("libc")]
        private static extern unsafe int setrlimit(int what, ulong* limits);

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static Memory<byte> MemoryOf(string name) => SharedRegion.Create(name, 8).AsMemory();

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static Tensor<int> TensorOf(string name)
        {
            return SharedRegion.CreateTensor(name, DType.Int32, new long[] { 2 }).AsTensor<int>();
        }
    }
}
