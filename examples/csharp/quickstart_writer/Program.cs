// Quickstart: puts a model's output into a region and tells whoever is waiting, in any language.
//
// The "model" is a number typed on standard input, so that a reader can be started before or after it is there.

using System;
using System.Globalization;
using Zinc;

internal static class Program
{
    private static void Main()
    {
        using OwnedRegion region = SharedRegion.Create("pipeline", 64 * 1024 * 1024);
        Span<float> numbers = region.AsSpan<float>(); // over the mapping, not a copy
        Console.WriteLine("created");

        float modelOutput = float.Parse(Console.ReadLine()!, CultureInfo.InvariantCulture);
        numbers.Fill(modelOutput);
        region.Notify();
        Console.WriteLine("notified");

        Console.ReadLine(); // the region is gone when its owner ends: stay until told
    }
}
