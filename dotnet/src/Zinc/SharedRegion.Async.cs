// Waiting without a thread: tasks, and a stream of notifications.

using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;

namespace Zinc
{
    public partial class SharedRegion
    {
        /// <summary>Opens a region without a thread; <see cref="RegionOptions.Timeout"/> waits for one to appear.</summary>
        /// <param name="name">The region's name.</param>
        /// <param name="options">Of these, those for opening count; their timeout begins with the call.</param>
        /// <param name="cancellationToken">Ends the open at once, with an <see cref="OperationCanceledException"/>.</param>
        /// <returns>The region. The task fails as <see cref="Open"/> does.</returns>
        /// <exception cref="ArgumentNullException">The name is null.</exception>
        /// <exception cref="ArgumentException">The options mean nothing.</exception>
        /// <example>
        /// <code>
        /// var forEver = new RegionOptions { Timeout = Timeout.InfiniteTimeSpan };
        /// using SharedRegion region = await SharedRegion.OpenAsync("pipeline", forEver, stopping);
        /// </code>
        /// </example>
        public static Task<SharedRegion> OpenAsync(
            string name, RegionOptions? options = null, CancellationToken cancellationToken = default)
        {
            return Twice(PendingOpen.Begin(name, options, cancellationToken), name, options, cancellationToken);
        }

        /// <summary>Waits for a notification that this handle has not seen, without a thread.</summary>
        /// <param name="milliseconds">How long to wait: 0 looks once, -1 (Timeout.Infinite) is for ever.</param>
        /// <param name="cancellationToken">Ends the wait at once, with an <see cref="OperationCanceledException"/>. Nothing
        /// is lost by that: a notification that came meanwhile ends the next wait.</param>
        /// <returns>True if notified, false if the time is up. The task fails as <see cref="Wait(int)"/> does.</returns>
        /// <remarks>
        /// One notification ends all pending waits of a handle. One thread of Zinc's waits for all regions of the
        /// process, and what awaits the task goes on in its own context, or on the thread pool. The handle is not
        /// collected while it is waited on.
        /// </remarks>
        /// <exception cref="ArgumentOutOfRangeException">The time is negative and not -1.</exception>
        public Task<bool> WaitAsync(int milliseconds, CancellationToken cancellationToken = default)
        {
            return PendingWait.Begin(this, _region, Times.Limit(milliseconds, nameof(milliseconds)), cancellationToken);
        }

        /// <summary>As <see cref="WaitAsync(int, CancellationToken)"/>.</summary>
        /// <param name="timeout">How long to wait: zero looks once, and so does a negative time,
        /// since nothing is left of it; Timeout.InfiniteTimeSpan is for ever.</param>
        /// <param name="cancellationToken">Ends the wait at once, with an <see cref="OperationCanceledException"/>.</param>
        /// <returns>True if notified, false if the time is up.</returns>
        public Task<bool> WaitAsync(TimeSpan timeout, CancellationToken cancellationToken = default)
        {
            return PendingWait.Begin(this, _region, Times.Limit(timeout), cancellationToken);
        }

        /// <summary>As <see cref="WaitAsync(int, CancellationToken)"/>, for ever.</summary>
        /// <param name="cancellationToken">Ends the wait at once, with an <see cref="OperationCanceledException"/>.</param>
        /// <returns>A task that ends with a notification.</returns>
        public Task WaitAsync(CancellationToken cancellationToken = default)
        {
            return WaitAsync(Timeout.Infinite, cancellationToken);
        }

        /// <summary>Tries once more where too many files are open: those of forgotten regions are closed before.</summary>
        private static async Task<SharedRegion> Twice(
            Task<SharedRegion> first, string name, RegionOptions? options, CancellationToken cancellationToken)
        {
            const int emfile = 24;
            try
            {
                return await first.ConfigureAwait(false);
            }
            catch (SystemCallException error) when (error.OsError == emfile)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return await PendingOpen.Begin(name, options, cancellationToken).ConfigureAwait(false);
            }
        }

        /// <summary>Every notification as it comes, as the sequence that was reached; several may arrive as one.</summary>
        /// <param name="cancellationToken">Ends the stream at once, with an <see cref="OperationCanceledException"/>.</param>
        /// <remarks>
        /// It ends when the owner closes the region, or somebody this handle. Otherwise it throws what
        /// <see cref="Wait(int)"/> throws, and a <see cref="ClosedException"/> if the handle was closed before it began.
        /// </remarks>
        /// <example>
        /// <code>
        /// await foreach (ulong sequence in region.Notifications(stopping))
        /// {
        ///     Consume(region.AsReadOnlySpan&lt;float&gt;());
        /// }
        /// </code>
        /// </example>
        public async IAsyncEnumerable<ulong> Notifications(
            [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            bool beganOpen = !IsClosed;
            while (true)
            {
                ulong sequence;
                try
                {
                    await WaitAsync(cancellationToken).ConfigureAwait(false);
                    sequence = Sequence;
                }
                catch (ClosedException) when (beganOpen)
                {
                    yield break;
                }

                yield return sequence;
            }
        }
    }
}
