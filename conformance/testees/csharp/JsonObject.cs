// An answer as JSON, written without the serializer: a testee is started often, and that would take most of the time.

using System;
using System.Buffers;
using System.Collections;
using System.Collections.Generic;
using System.Text.Json;

namespace Zinc.Conformance
{
    internal sealed class JsonObject : Dictionary<string, object?>
    {
        /// <summary>UTF-8, ended by a line feed.</summary>
        internal byte[] ToLine()
        {
            var line = new ArrayBufferWriter<byte>();
            using (var writer = new Utf8JsonWriter(line))
            {
                Write(writer, this);
            }

            line.Write(new[] { (byte)'\n' });
            return line.WrittenSpan.ToArray();
        }

        private static void Write(Utf8JsonWriter writer, object? value)
        {
            switch (value)
            {
                case null:
                    writer.WriteNullValue();
                    break;
                case string text:
                    writer.WriteStringValue(text);
                    break;
                case bool flag:
                    writer.WriteBooleanValue(flag);
                    break;
                case double number:
                    writer.WriteNumberValue(number);
                    break;
                case ulong number:
                    writer.WriteNumberValue(number);
                    break;
                case JsonObject members:
                    writer.WriteStartObject();
                    foreach (KeyValuePair<string, object?> member in members)
                    {
                        writer.WritePropertyName(member.Key);
                        Write(writer, member.Value);
                    }

                    writer.WriteEndObject();
                    break;
                case IEnumerable elements:
                    writer.WriteStartArray();
                    foreach (object? element in elements)
                    {
                        Write(writer, element);
                    }

                    writer.WriteEndArray();
                    break;
                default:
                    writer.WriteNumberValue(Convert.ToInt64(value));
                    break;
            }
        }
    }
}
