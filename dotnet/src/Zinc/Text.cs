// Strings as C has them: UTF-8, ended by a NUL.

using System;
using System.Runtime.InteropServices;
using System.Text;

namespace Zinc
{
    internal static unsafe class Text
    {
        /// <summary>Copies a string from C; an empty one for none.</summary>
        internal static string From(byte* text)
        {
            return Marshal.PtrToStringUTF8((IntPtr)text) ?? string.Empty;
        }

        /// <summary>Copies a string from C; null for none.</summary>
        internal static string? OrNull(byte* text) => Marshal.PtrToStringUTF8((IntPtr)text);

        /// <summary>A string for C. It would take a NUL in it for its end, and so mean another thing.</summary>
        internal static byte[] For(string operation, string? region, string text, ErrorKind kind)
        {
            if (text.IndexOf('\0') >= 0)
            {
                string shown = text.Replace("\0", "\\0");
                throw ZincException.Of(kind, operation, region, $"\"{shown}\" has a NUL character in it; leave it out");
            }

            byte[] bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length) + 1];
            Encoding.UTF8.GetBytes(text, 0, text.Length, bytes, 0);
            return bytes;
        }
    }
}
