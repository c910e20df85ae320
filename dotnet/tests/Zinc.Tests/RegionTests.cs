// Creating, opening, listing, removing; exceptions by kind.

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.Versioning;
using Xunit;

namespace Zinc.Tests
{
    public class RegionTests
    {
        [Fact]
        public void EveryKindHasItsException()
        {
            var classes = new HashSet<Type>();
            foreach (ErrorKind kind in (ErrorKind[])Enum.GetValues(typeof(ErrorKind)))
            {
                if (kind == ErrorKind.InvalidArgument)
                {
                    continue; // .NET's own argument exceptions
                }

                ZincException error = ZincException.Of(kind, "Open", "r", "why");
                Assert.Equal(kind, error.Kind);
                Assert.Equal((int)kind, error.Code);
                Assert.True(error.Code < 0);
                Assert.Equal("Open \"r\": why", error.Message);
                Assert.True(classes.Add(error.GetType()));
            }

            Assert.IsType<ZincException>(ZincException.Of((ErrorKind)(-99), "Open", null, "from a later release"));
        }

        [Fact]
        public void ErrorsNameTheOperationTheRegionAndWhatToDo()
        {
            string name = Support.Unique();
            NotFoundException missing = Assert.Throws<NotFoundException>(() => SharedRegion.Open(name));
            Assert.Contains("Open", missing.Message);
            Assert.Equal("Open", missing.Operation);
            Assert.Equal(name, missing.Region);
            Assert.Contains(name, missing.Message);
            using OwnedRegion owner = SharedRegion.Create(name, 1);
            Assert.Contains(name, Assert.Throws<AlreadyExistsException>(() => SharedRegion.Create(name, 1)).Message);
        }

        [Fact]
        public void WhatCannotBeCreatedIsRefused()
        {
            foreach (string name in new[] { string.Empty, ".hidden", "a/b", "a b", "é", "a\0b", new string('x', 129), "\ud800" })
            {
                Assert.Throws<InvalidNameException>(() => SharedRegion.Create(name, 1));
                Assert.Throws<InvalidNameException>(() => SharedRegion.Open(name));
            }

            Assert.Throws<ArgumentNullException>(() => SharedRegion.Open(null!));
            foreach (long capacity in new[] { 0, long.MaxValue })
            {
                Assert.Throws<InvalidSizeException>(() => SharedRegion.Create(Support.Unique(), capacity));
            }

            foreach (long capacity in new[] { -1, long.MinValue })
            {
                Refused("capacity", () => SharedRegion.Create(Support.Unique(), capacity));
                Refused("capacity", () => SharedRegion.OpenOrCreate(Support.Unique(), capacity));
            }

            Refused("shape", () => SharedRegion.CreateTensor(Support.Unique(), DType.Int8, new long[] { 2, -1 }));
            Refused("dtype", () => SharedRegion.CreateTensor(Support.Unique(), (DType)99, new long[] { 2 }));
            var decimalMode = new RegionOptions { Mode = 600 };
            ArgumentException mode = Assert.Throws<ArgumentException>(() => SharedRegion.Create(Support.Unique(), 1, decimalMode));
            Assert.Equal("options", mode.ParamName);
            Assert.Contains("mode", mode.Message);
            var both = new RegionOptions { ReadOnly = true, CopyOnWrite = true };
            Assert.Equal("options", Assert.Throws<ArgumentException>(() => SharedRegion.Open("x", both)).ParamName);
            var nowhere = new RegionOptions { Directory = "/dev/shm/zinc-no-such-directory" };
            Assert.Throws<NotFoundException>(() => SharedRegion.Create(Support.Unique(), 1, nowhere));
            var cut = new RegionOptions { Directory = "/dev/shm\0/x" };
            Assert.Throws<SystemCallException>(() => SharedRegion.Create(Support.Unique(), 1, cut));
        }

        private static void Refused(string argument, Action call)
        {
            Assert.Equal(argument, Assert.Throws<ArgumentOutOfRangeException>(call).ParamName);
        }

        [Fact]
        public void AFullDirectorySaysHowMuchIsMissing()
        {
            const long needed = 1L << 42;
            NoSpaceException error = Assert.Throws<NoSpaceException>(() => SharedRegion.Create(Support.Unique(), needed));
            Assert.True(error.Needed >= needed, $"{error.Needed}");
            Assert.True(error.Available > 0 && error.Available < needed, $"{error.Available}");
            Assert.Equal(ErrorKind.NoSpace, error.Kind);
        }

        [Fact]
        public void WhoeverComesFirstOwns()
        {
            string name = Support.Unique();
            using SharedRegion first = SharedRegion.OpenOrCreate(name, 64);
            using SharedRegion second = SharedRegion.OpenOrCreate(name, 64);
            Assert.IsType<OwnedRegion>(first);
            Assert.IsType<SharedRegion>(second);
            Assert.Throws<InvalidSizeException>(() => SharedRegion.OpenOrCreate(name, 65));
            Assert.IsType<SharedRegion>(first.Clone());
        }

        [Fact]
        public void TheOwnersCloseTakesTheNameAwayAndUnlinkDoesSoBefore()
        {
            string name = Support.Unique();
            OwnedRegion owner = SharedRegion.Create(name, 1);
            owner.Close();
            Assert.Throws<NotFoundException>(() => SharedRegion.Open(name));
            using OwnedRegion next = SharedRegion.Create(name, 1);
            next.Unlink();
            using OwnedRegion last = SharedRegion.Create(name, 1);
            Assert.True(next.AsSpan() != last.AsSpan());
        }

        [Fact]
        public void APersistentRegionStaysUntilItIsRemoved()
        {
            string name = Support.Unique();
            using (OwnedRegion owner = SharedRegion.Create(name, 1))
            {
                owner.Persist();
                owner.Persist();
                owner.AsSpan()[0] = 7;
            }

            using SharedRegion peer = SharedRegion.Open(name);
            Assert.Equal(7, peer.AsSpan()[0]);
            SharedRegion.Remove(name);
            Assert.Throws<ClosedException>(() => { peer.Wait(-1); });
            Assert.Throws<NotFoundException>(() => SharedRegion.Remove(name));
            var stays = new RegionOptions { Persistent = true };
            SharedRegion.Create(name, 1, stays).Dispose();
            SharedRegion.Remove(name);
        }

        [Fact]
        [UnsupportedOSPlatform("windows")]
        public void OptionsReachTheCore()
        {
            string directory = Path.Combine("/dev/shm", Support.Unique());
            Directory.CreateDirectory(directory);
            try
            {
                var options = new RegionOptions
                {
                    Directory = directory,
                    Mode = Convert.ToInt32("640", 8),
                    Prefault = true,
                    Spin = TimeSpan.Zero,
                };
                using OwnedRegion owner = SharedRegion.Create("r", 4096, options);
                string file = Path.Combine(directory, "zinc.r");
                Assert.Equal(Convert.ToInt32("640", 8), (int)File.GetUnixFileMode(file));
                Assert.Throws<NotFoundException>(() => SharedRegion.Open("r"));
                foreach (long nobody in new[] { -1, 1L << 32 })
                {
                    options.AcceptOwner = nobody;
                    Assert.Throws<ArgumentOutOfRangeException>(() => SharedRegion.Open("r", options));
                }

                options.AcceptOwner = 1;
                using SharedRegion peer = SharedRegion.Open("r", options);
                Assert.Equal(file, peer.GetInfo().Path);
                Assert.Equal(new[] { "r" }, SharedRegion.List(directory).Select(info => info.Name));
                Assert.False(peer.Wait(1));
            }
            finally
            {
                Directory.Delete(directory, recursive: true);
            }
        }

        [Fact]
        public void WhatIsKnownOfARegion()
        {
            string name = Support.Unique();
            using OwnedRegion owner = SharedRegion.Create(name, 100);
            using SharedRegion peer = SharedRegion.Open(name);
            RegionInfo info = peer.GetInfo();
            Assert.Equal(name, info.Name);
            Assert.Equal(100L, info.Capacity);
            Assert.Equal(Environment.ProcessId, info.OwnerPid);
            Assert.Equal(RegionState.Owned, info.State);
            Assert.True((DateTimeOffset.UtcNow - info.Created).Duration() < TimeSpan.FromMinutes(1));
            Assert.Equal(owner.GetInfo().Id.ToArray(), info.Id.ToArray());
            Assert.Equal(16, info.Id.Length);
            RegionInfo listed = SharedRegion.List().Single(candidate => candidate.Name == name);
            Assert.Equal(info.Id.ToArray(), listed.Id.ToArray());
            Assert.Equal($"SharedRegion \"{name}\": 100 bytes", peer.ToString());
            Assert.True(System.Version.TryParse(SharedRegion.Version, out _), SharedRegion.Version);
        }
    }
}
