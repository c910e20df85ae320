// Times as Java writes them: milliseconds, a Duration, or a number with its unit.

package dev.zinc;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Turns times into nanoseconds, of which a negative number is for ever. */
final class Timeouts {
    static final long FOREVER = -1;
    static final long POLL = 0;

    private Timeouts() {}

    /** A plain number is a time that somebody wrote down, so that one below zero is a mistake. */
    static long of(String operation, long milliseconds) {
        if (milliseconds < 0) {
            var why = "the argument milliseconds is " + milliseconds
                    + "; give 0 to look once, or SharedRegion.FOREVER to wait for ever";
            throw new InvalidArgumentException(ZincException.Details.of(operation, null, why));
        }
        return TimeUnit.MILLISECONDS.toNanos(milliseconds);
    }

    /** A duration is often what is left until some moment, so that below zero nothing is left. */
    static long of(Duration timeout) {
        requireNonNull(timeout, "timeout");
        if (timeout.equals(SharedRegion.FOREVER)) {
            return FOREVER;
        }
        // Saturates at 292 years.
        return Math.max(POLL, TimeUnit.NANOSECONDS.convert(timeout));
    }

    /** As a duration. */
    static long of(long time, TimeUnit unit) {
        return Math.max(POLL, requireNonNull(unit, "unit").toNanos(time));
    }

    /** A bound, of which none at all is negative: 0 is the default. */
    static long span(Duration limit) {
        requireNonNull(limit, "limit");
        long nanoseconds = TimeUnit.NANOSECONDS.convert(limit);
        return nanoseconds <= 0 ? -1 : nanoseconds;
    }
}
