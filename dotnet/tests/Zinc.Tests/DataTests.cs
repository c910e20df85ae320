// Spans, memory, windows and tensors: the same bytes, and nothing beyond them.

using System;
using System.Numerics;
using Xunit;

namespace Zinc.Tests
{
    public class DataTests
    {
        [Fact]
        public void SpansOfTwoHandlesAreTheSameMemory()
        {
            using OwnedRegion owner = SharedRegion.Create(Support.Unique(), 100);
            using SharedRegion peer = SharedRegion.Open(owner.Name);
            Assert.Equal(100, owner.AsSpan().Length);
            owner.AsSpan()[99] = 1;
            peer.AsSpan<int>()[0] = 0x04030201;
            Assert.Equal(1, peer.AsReadOnlySpan()[99]);
            Assert.Equal(new byte[] { 1, 2, 3, 4 }, owner.AsReadOnlySpan(0, 4).ToArray());
            peer.AsMemory(50, 2).Span[1] = 5;
            Assert.Equal(5, owner.AsReadOnlyMemory().Span[51]);
        }

        [Fact]
        public void ElementsAreAsManyAsFit()
        {
            using OwnedRegion region = SharedRegion.Create(Support.Unique(), 15);
            Assert.Equal(3, region.AsSpan<int>().Length);
            Assert.Equal(1, region.AsReadOnlySpan<double>().Length);
            Assert.Equal(0, region.AsSpan<Complex>().Length);
            Assert.Equal(2, region.AsSpan<int>(7, 2).Length);
        }

        [Fact]
        public void WindowsBeyondTheRegionAreRefused()
        {
            using OwnedRegion region = SharedRegion.Create(Support.Unique(), 100);
            Assert.Equal(0, region.AsSpan(100, 0).Length);
            (long Offset, int Length)[] wrong =
            {
                (-1, 1), (101, 0), (0, 101), (100, 1), (0, -1), (long.MaxValue, 1), (1, int.MaxValue), (long.MinValue, 0),
            };
            foreach ((long offset, int length) in wrong)
            {
                Assert.Throws<ArgumentOutOfRangeException>(() => { region.AsSpan(offset, length); });
                Assert.Throws<ArgumentOutOfRangeException>(() => { region.AsReadOnlySpan(offset, length); });
                Assert.Throws<ArgumentOutOfRangeException>(() => { region.AsMemory(offset, length); });
            }

            Assert.Throws<ArgumentOutOfRangeException>(() => { region.AsSpan<long>(96, 1); });
            Assert.Throws<ArgumentOutOfRangeException>(() => { region.AsReadOnlySpan<long>(0, int.MaxValue); });
        }

        [Fact]
        public void ARegionOver2GiBIsReachedByWindows()
        {
            const long capacity = 5L << 30;
            using OwnedRegion region = SharedRegion.Create(Support.Unique(), capacity, new RegionOptions { Sparse = true });
            using SharedRegion peer = SharedRegion.Open(region.Name);
            Assert.Equal(capacity, peer.Capacity);
            Assert.Contains("windows", Assert.Throws<InvalidOperationException>(() => { region.AsSpan(); }).Message);
            Assert.Throws<InvalidOperationException>(() => { region.AsMemory(); });
            region.AsSpan(capacity - 8, 8)[7] = 42;
            Assert.Equal(42, peer.AsReadOnlyMemory(capacity - 1, 1).Span[0]);
            region.AsMemory(3L << 30, 100).Span[0] = 43;
            Assert.Equal(43, peer.AsReadOnlySpan<long>(3L << 30, 1)[0]);

            region.Describe(DType.UInt8, 5, 1L << 30);
            Tensor<byte> tensor = peer.AsTensor<byte>();
            Assert.Equal(42, tensor[capacity - 1]);
            Assert.Equal(43, tensor.ReadOnlySlice(3L << 30, 1).Span[0]);
            Assert.Throws<InvalidOperationException>(() => { _ = tensor.Span; });
        }

        [Fact]
        public void AReadOnlyHandleGivesNothingToWriteThrough()
        {
            using OwnedRegion owner = SharedRegion.CreateTensor(Support.Unique(), DType.Int32, new long[] { 4 });
            using SharedRegion reader = SharedRegion.Open(owner.Name, new RegionOptions { ReadOnly = true });
            owner.AsSpan<int>()[3] = -1;
            Assert.True(reader.IsReadOnly);
            Assert.Equal(-1, reader.AsReadOnlySpan<int>()[3]);
            Assert.Equal(-1, reader.AsTensor<int>()[3]);
            Assert.Equal(-1, reader.AsTensor<int>().ReadOnlySpan[3]);
            Assert.Throws<PermissionDeniedException>(() => { reader.AsSpan(); });
            Assert.Throws<PermissionDeniedException>(() => { reader.AsSpan<int>(0, 1); });
            Assert.Throws<PermissionDeniedException>(() => { reader.AsMemory(); });
            Assert.Throws<PermissionDeniedException>(() => { _ = reader.AsTensor<int>().Span; });
            Assert.Throws<PermissionDeniedException>(() => { _ = reader.AsTensor<int>().Memory; });
        }

        [Fact]
        public void ADescribedTensorSaysItsTypeAndShape()
        {
            using OwnedRegion owner = SharedRegion.CreateTensor(Support.Unique(), DType.Float32, new long[] { 2, 3 });
            using SharedRegion peer = SharedRegion.Open(owner.Name);
            Assert.Equal(24L, owner.Capacity);
            new[] { 0f, 1, 2, 3, 4, 5 }.CopyTo(owner.AsTensor<float>().Span);
            Tensor<float> tensor = peer.AsTensor<float>();
            Assert.Equal(new[] { 0f, 1, 2, 3, 4, 5 }, tensor.ReadOnlySpan.ToArray());
            Assert.Equal(new[] { 2L, 3L }, tensor.Shape);
            Assert.Equal(6L, tensor.Length);
            Assert.Equal("float32 [2, 3]", peer.GetDescriptor()!.ToString());
            Assert.True(tensor.Span == peer.AsSpan<float>(), "a tensor is a copy");
            Assert.Throws<DescriptorException>(() => peer.AsTensor<int>());
            Assert.Throws<ArgumentOutOfRangeException>(() => { _ = tensor[6]; });
            Assert.Throws<ArgumentOutOfRangeException>(() => { _ = tensor[-1]; });
            Assert.Throws<ArgumentOutOfRangeException>(() => { tensor.Slice(5, 2); });
            Assert.Throws<NotSupportedException>(() => peer.AsTensor<Guid>());
        }

        [Fact]
        public void WhatIsNotDescribedIsNoTensor()
        {
            using OwnedRegion region = SharedRegion.Create(Support.Unique(), 24);
            Assert.Null(region.GetDescriptor());
            Assert.Throws<DescriptorException>(() => region.AsTensor<double>());
            Assert.Throws<DescriptorException>(() => region.Describe(DType.Float64, 4));
            Assert.Throws<ArgumentOutOfRangeException>(() => region.Describe(DType.Float64, -1));
            Assert.Throws<ArgumentOutOfRangeException>(() => region.Describe((DType)99, 1));
            Assert.Throws<ArgumentNullException>(() => region.Describe(DType.Float64, null!));
            region.Describe(DType.Float64);
            Assert.Equal(1L, region.AsTensor<double>().Length);
            Assert.Equal(Array.Empty<long>(), region.AsTensor<double>().Shape);
            region.Describe(DType.Float64, 3, 0);
            Assert.Equal(0, region.AsTensor<double>().Span.Length);
        }

        [Fact]
        public void EveryElementTypeHasItsCSharpType()
        {
            Check<bool>(DType.Bool, "bool");
            Check<sbyte>(DType.Int8, "int8");
            Check<short>(DType.Int16, "int16");
            Check<int>(DType.Int32, "int32");
            Check<long>(DType.Int64, "int64");
            Check<byte>(DType.UInt8, "uint8");
            Check<ushort>(DType.UInt16, "uint16");
            Check<uint>(DType.UInt32, "uint32");
            Check<ulong>(DType.UInt64, "uint64");
            Check<Float16>(DType.Float16, "float16");
            Check<Half>(DType.Float16, "float16");
            Check<BFloat16>(DType.BFloat16, "bfloat16");
            Check<float>(DType.Float32, "float32");
            Check<double>(DType.Float64, "float64");
            Check<Complex64>(DType.Complex64, "complex64");
            Check<Complex>(DType.Complex128, "complex128");
            Assert.False(DTypes.TryParse("float128", out _));
            Assert.Throws<ArgumentOutOfRangeException>(() => ((DType)99).Name());
            Assert.Throws<ArgumentOutOfRangeException>(() => { ((DType)99).Size(); });
            Assert.Equal(1.5f, (float)new BFloat16(0x3fc0));
        }

        private static unsafe void Check<T>(DType dtype, string name)
            where T : unmanaged
        {
            Assert.Equal(dtype, DTypes.Of<T>());
            Assert.Equal(name, dtype.Name());
            Assert.True(DTypes.TryParse(name, out DType parsed));
            Assert.Equal(dtype, parsed);
            Assert.Equal(sizeof(T), dtype.Size());
            using OwnedRegion region = SharedRegion.CreateTensor(Support.Unique(), dtype, new long[] { 3 });
            Assert.Equal(3L * sizeof(T), region.Capacity);
            Assert.Equal(3, region.AsTensor<T>().Span.Length);
        }
    }
}
