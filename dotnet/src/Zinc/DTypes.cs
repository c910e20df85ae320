// Element types: what is known of each, and the C# types that the language lacks.

using System;

namespace Zinc
{
    /// <summary>What is known of element types.</summary>
    public static partial class DTypes
    {
        /// <summary>The name that all languages use, such as "float32".</summary>
        /// <exception cref="ArgumentOutOfRangeException">It is no element type.</exception>
        public static string Name(this DType dtype) => NameOf(dtype) ?? throw Unknown(dtype);

        /// <summary>The bytes of one element.</summary>
        /// <exception cref="ArgumentOutOfRangeException">It is no element type.</exception>
        public static int Size(this DType dtype) => SizeOf(dtype) is int size && size > 0 ? size : throw Unknown(dtype);

        /// <summary>The element type of a name such as "float32".</summary>
        /// <returns>Whether there is one.</returns>
        public static bool TryParse(string? name, out DType dtype)
        {
            DType? found = Named(name);
            dtype = found.GetValueOrDefault();
            return found.HasValue;
        }

        /// <summary>The element type that <typeparamref name="T"/> is, such as <see cref="DType.Float32"/> for float.</summary>
        /// <exception cref="NotSupportedException">It is none.</exception>
        public static DType Of<T>()
            where T : unmanaged
        {
            return TypeOf<T>() ?? throw new NotSupportedException(
                $"{typeof(T)} is not a tensor's element; the documentation of DType has those that are. AsSpan takes any.");
        }

        private static ArgumentOutOfRangeException Unknown(DType dtype)
        {
            return new ArgumentOutOfRangeException(nameof(dtype), dtype, "No element type has this code.");
        }
    }

    /// <summary>The bits of an IEEE 754 half-precision number. On .NET 5 and later, System.Half does as well.</summary>
    public readonly struct Float16
    {
        /// <summary>A number of these bits.</summary>
        public Float16(ushort bits) => Bits = bits;

        /// <summary>The sign, 5 bits of exponent, 10 bits of fraction.</summary>
        public ushort Bits { get; }
    }

    /// <summary>The bits of a bfloat16: the upper half of a float's.</summary>
    public readonly struct BFloat16
    {
        /// <summary>A number of these bits.</summary>
        public BFloat16(ushort bits) => Bits = bits;

        /// <summary>The sign, 8 bits of exponent, 7 bits of fraction.</summary>
        public ushort Bits { get; }

        /// <summary>The number, exactly.</summary>
        public static explicit operator float(BFloat16 value) => BitConverter.Int32BitsToSingle(value.Bits << 16);
    }

    /// <summary>A complex number of two floats. Of two doubles it is a System.Numerics.Complex.</summary>
    public readonly struct Complex64
    {
        /// <summary>A number of these parts.</summary>
        public Complex64(float real, float imaginary)
        {
            Real = real;
            Imaginary = imaginary;
        }

        /// <summary>The real part.</summary>
        public float Real { get; }

        /// <summary>The imaginary part.</summary>
        public float Imaginary { get; }
    }
}
