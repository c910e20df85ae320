// Timeouts as Java writes them: milliseconds, or a Duration.

package dev.zinc;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Turns timeouts into nanoseconds. */
final class Timeouts {
    static final long FOREVER = -1;
    static final long POLL = 0;

    private Timeouts() {}

    static long of(long milliseconds) {
        if (milliseconds < 0) {
            throw new IllegalArgumentException(
                    "a timeout of " + milliseconds + " ms; to wait for ever, give none");
        }
        return TimeUnit.MILLISECONDS.toNanos(milliseconds);
    }

    static long of(Duration timeout) {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("a timeout of " + timeout + "; to wait for ever, give none");
        }
        // Saturates at 292 years.
        return TimeUnit.NANOSECONDS.convert(timeout);
    }

    /** A bound, of which none at all is negative: 0 is the default. */
    static long span(Duration limit) {
        long nanoseconds = of(limit);
        return nanoseconds == 0 ? -1 : nanoseconds;
    }
}
