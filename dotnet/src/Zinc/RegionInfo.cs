// What is known of regions, by handle or by name.

using System;
using System.Collections.Generic;

namespace Zinc
{
    /// <summary>Whether somebody owns a region.</summary>
    public enum RegionState
    {
        /// <summary>Its owner is alive.</summary>
        Owned = 1,

        /// <summary>It has no owner and stays until it is removed.</summary>
        Persistent = 2,

        /// <summary>Its owner died without closing it; the next create of the name takes it away.</summary>
        Dead = 3,
    }

    /// <summary>What is known of a region.</summary>
    public sealed unsafe class RegionInfo
    {
        private const long NanosecondsPerTick = 100;

        private RegionInfo(in Native.RegionInfo info)
        {
            Name = Text.From(info.Name);
            Path = Text.From(info.Path);
            Capacity = (long)info.Capacity;
            Created = DateTimeOffset.UnixEpoch.AddTicks((long)(info.CreatedNs / NanosecondsPerTick));
            OwnerPid = (int)info.OwnerPid;
            State = (RegionState)info.State;
            fixed (byte* id = info.Id)
            {
                Id = new ReadOnlySpan<byte>(id, 16).ToArray();
            }
        }

        /// <summary>The region's name.</summary>
        public string Name { get; }

        /// <summary>The region's file.</summary>
        public string Path { get; }

        /// <summary>The bytes of data.</summary>
        public long Capacity { get; }

        /// <summary>Random bytes that tell it from any other region that had or will have the name.</summary>
        public ReadOnlyMemory<byte> Id { get; }

        /// <summary>When it was created, by the wall clock.</summary>
        public DateTimeOffset Created { get; }

        /// <summary>The process that created it, for people: process numbers are reused.</summary>
        public int OwnerPid { get; }

        /// <summary>Whether somebody owned it when this was asked: of a handle, when it was made.</summary>
        public RegionState State { get; }

        /// <summary>Describes the region for people.</summary>
        public override string ToString() => $"\"{Name}\": {Capacity} bytes, {State}";

        internal static RegionInfo Of(IntPtr region)
        {
            // The strings are the handle's, which another thread may close while they are copied.
            IntPtr clone;
            ZincException.Check(Native.zinc_clone(region, &clone));
            try
            {
                Native.RegionInfo info = New();
                ZincException.Check(Native.zinc_info(clone, &info));
                return new RegionInfo(info);
            }
            finally
            {
                Native.zinc_close(clone);
            }
        }

        internal static IReadOnlyList<RegionInfo> List(in Call call)
        {
            IntPtr listing;
            UIntPtr count;
            ZincException.Check(Native.zinc_list(call.Options, &listing, &count));
            try
            {
                var regions = new List<RegionInfo>((int)count);
                Native.RegionInfo info = New();
                while (Native.zinc_listing_get(listing, (UIntPtr)(uint)regions.Count, &info) > 0)
                {
                    regions.Add(new RegionInfo(info));
                }

                return regions;
            }
            finally
            {
                Native.zinc_listing_free(listing);
            }
        }

        private static Native.RegionInfo New() => new Native.RegionInfo { Size = (UIntPtr)(uint)sizeof(Native.RegionInfo) };
    }
}
