// Waiting on the calling thread.

using System;

namespace Zinc
{
    public unsafe partial class SharedRegion
    {
        /// <summary>Waits for a notification that this handle has not seen, for ever.</summary>
        /// <remarks>See <see cref="Wait(int)"/>.</remarks>
        /// <exception cref="ClosedException">The owner closed the region, or another thread this handle.</exception>
        /// <exception cref="OwnerDiedException">The owner's process ended without closing it.</exception>
        /// <exception cref="WaitInterruptedException"><see cref="Interrupt"/> was called.</exception>
        public void Wait() => Wait(-1);

        /// <summary>Waits for a notification that this handle has not seen.</summary>
        /// <param name="milliseconds">How long to wait: 0 looks once, -1 (Timeout.Infinite) is for ever.</param>
        /// <returns>True if notified, false if the time is up.</returns>
        /// <remarks>
        /// Returns at once if there is one already, be it from before the region was opened; several may arrive as one.
        /// What the notifier wrote before is visible afterwards. The wait first looks again and again for some ten
        /// microseconds (see <see cref="RegionOptions.Spin"/>), then the thread sleeps in the kernel, where it costs
        /// nothing. Notifications from before an end of the region are delivered first.
        /// </remarks>
        /// <exception cref="ClosedException">The owner closed the region, or another thread this handle.</exception>
        /// <exception cref="OwnerDiedException">The owner's process ended without closing it: known within a second after the kernel has closed its files.</exception>
        /// <exception cref="WaitInterruptedException"><see cref="Interrupt"/> was called.</exception>
        /// <exception cref="ArgumentOutOfRangeException">The time is negative and not -1.</exception>
        public bool Wait(int milliseconds)
        {
            int status = Native.zinc_wait_ns(_region, Times.Limit(milliseconds, nameof(milliseconds)));
            GC.KeepAlive(this);
            return ZincException.Check(status) > 0;
        }

        /// <summary>Waits for a notification that this handle has not seen: see <see cref="Wait(int)"/>.</summary>
        /// <param name="timeout">How long to wait: zero looks once, and so does a negative time,
        /// since nothing is left of it; Timeout.InfiniteTimeSpan is for ever.</param>
        /// <returns>True if notified, false if the time is up.</returns>
        /// <exception cref="ClosedException">The owner closed the region, or another thread this handle.</exception>
        /// <exception cref="OwnerDiedException">The owner's process ended without closing it.</exception>
        /// <exception cref="WaitInterruptedException"><see cref="Interrupt"/> was called.</exception>
        public bool Wait(TimeSpan timeout)
        {
            int status = Native.zinc_wait_ns(_region, Times.Limit(timeout));
            GC.KeepAlive(this);
            return ZincException.Check(status) > 0;
        }

        /// <summary>Waits until the sequence is past a number, for callers who keep count themselves.</summary>
        /// <param name="sequence">The count to get past; this handle's own notifications count too.</param>
        /// <param name="timeout">As for <see cref="Wait(TimeSpan)"/>.</param>
        /// <returns>The sequence reached, or null if the time is up. What Wait has seen stays as it was.</returns>
        /// <exception cref="ClosedException">The owner closed the region, or another thread this handle.</exception>
        /// <exception cref="OwnerDiedException">The owner's process ended without closing it.</exception>
        /// <exception cref="WaitInterruptedException"><see cref="Interrupt"/> was called.</exception>
        public ulong? WaitPast(ulong sequence, TimeSpan timeout)
        {
            return Past(sequence, Times.Limit(timeout));
        }

        /// <summary>As <see cref="WaitPast(ulong, TimeSpan)"/>, in milliseconds; -1 is for ever.</summary>
        /// <inheritdoc cref="WaitPast(ulong, TimeSpan)"/>
        public ulong? WaitPast(ulong sequence, int milliseconds)
        {
            return Past(sequence, Times.Limit(milliseconds, nameof(milliseconds)));
        }

        /// <summary>
        /// Ends the waits that are in progress on this handle, on whatever thread, with an
        /// <see cref="WaitInterruptedException"/>. Waits that begin later, and those of clones, are not touched.
        /// </summary>
        public void Interrupt()
        {
            // A closed handle has no waits, so there is nothing to tell.
            _ = Native.zinc_interrupt(_region);
            GC.KeepAlive(this);
        }

        private ulong? Past(ulong sequence, long nanoseconds)
        {
            ulong reached;
            int status = Native.zinc_wait_past(_region, sequence, nanoseconds, &reached);
            GC.KeepAlive(this);
            return ZincException.Check(status) > 0 ? reached : (ulong?)null;
        }
    }
}
