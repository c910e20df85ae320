// Tensors as JSON, each element through its own C# type.

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Numerics;
using System.Text.Json;

namespace Zinc.Conformance
{
    internal static class Values
    {
        internal static readonly Dictionary<DType, IElement> Elements = new Dictionary<DType, IElement>
        {
            [DType.Bool] = new Element<bool>(value => value, json => json.GetBoolean()),
            [DType.Int8] = new Element<sbyte>(value => value, json => json.GetSByte()),
            [DType.Int16] = new Element<short>(value => value, json => json.GetInt16()),
            [DType.Int32] = new Element<int>(value => value, json => json.GetInt32()),
            [DType.Int64] = new Element<long>(Text, json => long.Parse(json.GetString()!, CultureInfo.InvariantCulture)),
            [DType.UInt8] = new Element<byte>(value => value, json => json.GetByte()),
            [DType.UInt16] = new Element<ushort>(value => value, json => json.GetUInt16()),
            [DType.UInt32] = new Element<uint>(value => value, json => json.GetUInt32()),
            [DType.UInt64] = new Element<ulong>(Text, json => ulong.Parse(json.GetString()!, CultureInfo.InvariantCulture)),
            [DType.Float16] = new Element<Half>(value => (double)value, json => (Half)json.GetDouble()),
            [DType.BFloat16] = new Element<BFloat16>(value => (double)(float)value, json => ToBFloat16(json.GetSingle())),

            // As a double, which JSON has exactly: of a float it gets the shortest text that rounds to it.
            [DType.Float32] = new Element<float>(value => (double)value, json => json.GetSingle()),
            [DType.Float64] = new Element<double>(value => value, json => json.GetDouble()),
            [DType.Complex64] = new Element<Complex64>(
                value => new[] { (double)value.Real, value.Imaginary },
                json => new Complex64(json[0].GetSingle(), json[1].GetSingle())),
            [DType.Complex128] = new Element<Complex>(
                value => new[] { value.Real, value.Imaginary },
                json => new Complex(json[0].GetDouble(), json[1].GetDouble())),
        };

        internal interface IElement
        {
            (IReadOnlyList<long> Shape, object?[] Values) Read(SharedRegion region);

            void Fill(SharedRegion region, JsonElement values);
        }

        internal static DType Parse(string name)
        {
            return DTypes.TryParse(name, out DType dtype) ? dtype : throw new ArgumentException($"no element type {name}");
        }

        /// <summary>Reads the described tensor, asked for as the named type, or else as what it is.</summary>
        internal static object Read(SharedRegion region, string? name)
        {
            DType dtype = name is null ? Described(region) : Parse(name);
            (IReadOnlyList<long> shape, object?[] values) = Elements[dtype].Read(region);
            return new JsonObject { ["dtype"] = dtype.Name(), ["shape"] = shape, ["values"] = values };
        }

        /// <summary>Gives every element of the described tensor its value.</summary>
        internal static void Fill(SharedRegion region, JsonElement values)
        {
            Elements[Described(region)].Fill(region, values);
        }

        private static DType Described(SharedRegion region)
        {
            return region.GetDescriptor()?.DType ?? throw new InvalidOperationException("nothing is described");
        }

        private static object Text<T>(T value)
            where T : IFormattable
        {
            return value.ToString(null, CultureInfo.InvariantCulture);
        }

        /// <summary>A bfloat16 is the upper half of a float; the cases fill in nothing that would have to be rounded.</summary>
        private static BFloat16 ToBFloat16(float value)
        {
            return new BFloat16((ushort)(BitConverter.SingleToInt32Bits(value) >> 16));
        }

        /// <summary>How tensors of one element type are read and filled.</summary>
        private sealed class Element<T> : IElement
            where T : unmanaged
        {
            private readonly Func<T, object?> _toJson;
            private readonly Func<JsonElement, T> _fromJson;

            internal Element(Func<T, object?> toJson, Func<JsonElement, T> fromJson)
            {
                _toJson = toJson;
                _fromJson = fromJson;
            }

            public (IReadOnlyList<long> Shape, object?[] Values) Read(SharedRegion region)
            {
                Tensor<T> tensor = region.AsTensor<T>();
                return (tensor.Shape, tensor.ReadOnlySpan.ToArray().Select(_toJson).ToArray());
            }

            public void Fill(SharedRegion region, JsonElement values)
            {
                T[] all = values.EnumerateArray().Select(_fromJson).ToArray();
                Tensor<T> tensor = region.AsTensor<T>();
                if (all.Length != tensor.Length)
                {
                    throw new ArgumentException($"{all.Length} values for {tensor.Length} elements");
                }

                all.CopyTo(tensor.Memory);
            }
        }
    }
}
