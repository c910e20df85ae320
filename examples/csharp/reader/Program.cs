// A server that answers nearest-word questions straight from the pages that the loader filled.
//
//     reader EMBEDDINGS VOCABULARY
//
// Questions come on standard input, a word a line; examples/README.md describes the lines it prints.

using System;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Zinc;

internal static class Program
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static int Main(string[] arguments)
    {
        if (arguments.Length != 2)
        {
            Console.Error.WriteLine("usage: reader EMBEDDINGS VOCABULARY");
            return 2;
        }

        try
        {
            Serve(arguments[0], arguments[1]);
            return 0;
        }
        catch (Exception error)
        {
            Console.Error.WriteLine($"reader: {error.Message}");
            return 1;
        }
    }

    private static void Serve(string embeddingsName, string vocabularyName)
    {
        var options = new RegionOptions { Timeout = Patience };
        using SharedRegion region = SharedRegion.Open(embeddingsName, options);
        using SharedRegion vocabulary = SharedRegion.Open(vocabularyName, options);
        Say(new { @event = "ready" });

        if (!region.Wait(Patience))
        {
            throw new TimeoutException($"{embeddingsName}: nobody notified within {Patience}");
        }

        Touch(region.AsReadOnlySpan());
        long firstByte = Monotonic();
        var words = new Table(region.AsTensor<float>(), vocabulary.AsReadOnlyMemory());
        Say(new { @event = "timing", first_byte = firstByte, all_read = Monotonic() });

        while (Console.ReadLine() is string line)
        {
            string word = line.Trim();
            Say(new { @event = "answer", word, nearest = words.Nearest(word) });
        }
    }

    private static void Say(object line) => Console.WriteLine(JsonSerializer.Serialize(line));

    /// <summary>Reads the first byte, and so makes the system enter its page here.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.NoOptimization)]
    private static byte Touch(ReadOnlySpan<byte> data) => data[0];

    /// <summary>
    /// CLOCK_MONOTONIC in nanoseconds, which is what .NET's stopwatch reads on Linux: one clock for all processes.
    /// </summary>
    private static long Monotonic() => Stopwatch.GetTimestamp() * (1_000_000_000 / Stopwatch.Frequency);
}
