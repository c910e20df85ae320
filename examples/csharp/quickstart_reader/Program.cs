// Quickstart: waits for what a writer of any language put into the region, and reads it where it lies.

using System;
using System.Diagnostics;
using Zinc;

internal static class Program
{
    private static int Main()
    {
        using SharedRegion region = SharedRegion.Open("pipeline");
        Console.WriteLine("opened");

        Stopwatch waited = Stopwatch.StartNew();
        if (!region.Wait(1000))
        {
            Console.Error.WriteLine("nobody notified within a second");
            return 1;
        }

        ReadOnlySpan<float> numbers = region.AsReadOnlySpan<float>(); // over the mapping, not a copy

        double milliseconds = waited.Elapsed.TotalMilliseconds;
        FormattableString line =
            $"first {numbers[0]} last {numbers[numbers.Length - 1]} of {numbers.Length}, waited {milliseconds:F3} ms";
        Console.WriteLine(FormattableString.Invariant(line));
        return 0;
    }
}
