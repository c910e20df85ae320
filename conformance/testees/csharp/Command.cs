// A command of the runner, and its arguments as the API takes them.

using System;
using System.Linq;
using System.Text.Json;

namespace Zinc.Conformance
{
    internal sealed class Command
    {
        private readonly JsonElement _arguments;

        internal Command(JsonElement arguments) => _arguments = arguments;

        internal string Do => Text("do")!;

        internal string Name => Text("name")!;

        /// <summary>Milliseconds; without any, for ever.</summary>
        internal int Timeout => Has("timeout") ? (int)Number("timeout") : System.Threading.Timeout.Infinite;

        internal long[] Shape => Get("shape").EnumerateArray().Select(length => length.GetInt64()).ToArray();

        internal DType DType => Values.Parse(Text("dtype")!);

        internal bool Has(string argument) => _arguments.TryGetProperty(argument, out _);

        internal JsonElement Get(string argument) => _arguments.GetProperty(argument);

        internal long Number(string argument) => Get(argument).GetInt64();

        internal string? Text(string argument) => Has(argument) ? Get(argument).GetString() : null;

        internal bool Flag(string argument) => Has(argument) && Get(argument).GetBoolean();

        internal RegionOptions Options() => Conformance.Options.Of(_arguments);
    }
}
