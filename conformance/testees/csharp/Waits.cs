// Asynchronous waits: tasks, with one token for those of a command.

using System;
using System.Collections.Concurrent;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace Zinc.Conformance
{
    internal static class Waits
    {
        private static readonly ConcurrentDictionary<long, CancellationTokenSource> Started =
            new ConcurrentDictionary<long, CancellationTokenSource>();

        /// <summary>Begins the waits, and has their common outcome answered when all are over.</summary>
        internal static void Start(Command command, SharedRegion region, Action<Func<object?>> answer)
        {
            var stopping = new CancellationTokenSource();
            Started[command.Number("id")] = stopping;
            int count = command.Has("count") ? (int)command.Number("count") : 1;
            Task<bool>[] waits =
                Enumerable.Range(0, count).Select(_ => region.WaitAsync(command.Timeout, stopping.Token)).ToArray();
            Task.WhenAll(waits).ContinueWith(_ => answer(() => Alike(waits)), TaskScheduler.Default);
        }

        internal static void Cancel(long id) => Started[id].Cancel();

        /// <summary>What the waits came to, if all came to the same.</summary>
        private static object? Alike(Task<bool>[] waits)
        {
            var outcomes = waits.GroupBy(Outcome).ToList();
            if (outcomes.Count > 1)
            {
                throw new InvalidOperationException(string.Join(", ", outcomes.Select(same => $"{same.Count()} {same.Key}")));
            }

            return waits[0].IsCanceled ? throw new OwnException("Cancelled") : waits[0].GetAwaiter().GetResult();
        }

        private static string Outcome(Task<bool> wait)
        {
            return wait.Status switch
            {
                TaskStatus.Canceled => "Cancelled",
                TaskStatus.Faulted => (wait.Exception!.InnerException as ZincException)?.Kind.ToString() ?? "Testee",
                _ => wait.Result ? "true" : "false",
            };
        }
    }
}
