// Asynchronous waits: the futures of each command, and how they ended.

package dev.zinc.testee;

import dev.zinc.SharedRegion;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;

/** The waits of each command, by its id. */
final class Waits {
    private static final Map<Long, List<CompletableFuture<Boolean>>> WAITS = new ConcurrentHashMap<>();

    private Waits() {}

    /** Begins waits; when all are over, {@code end} gets the one outcome that they have, or what came how often. */
    static void begin(
            long id, SharedRegion region, Optional<Long> timeout, int count, Consumer<CompletableFuture<Boolean>> end) {
        var waits = new ArrayList<CompletableFuture<Boolean>>();
        for (int i = 0; i < count; i++) {
            waits.add(timeout.map(time -> region.awaitAsync(Duration.ofMillis(time))).orElseGet(region::awaitAsync));
        }
        WAITS.put(id, waits);
        CompletableFuture.allOf(waits.toArray(CompletableFuture<?>[]::new))
                .whenComplete((none, failed) -> end.accept(outcome(waits)));
    }

    /** Cancels those that are not over. */
    static void cancel(long id) {
        WAITS.get(id).forEach(wait -> wait.cancel(true));
    }

    private static CompletableFuture<Boolean> outcome(List<CompletableFuture<Boolean>> waits) {
        var counts = new LinkedHashMap<String, Integer>();
        waits.forEach(wait -> counts.merge(words(wait), 1, Integer::sum));
        if (counts.size() == 1) {
            return waits.get(0);
        }
        var parts = counts.entrySet().stream().map(count -> count.getValue() + " " + count.getKey()).toList();
        return CompletableFuture.failedFuture(new IllegalStateException(String.join(", ", parts)));
    }

    private static String words(CompletableFuture<Boolean> wait) {
        try {
            return wait.join().toString();
        } catch (CancellationException cancelled) {
            return "Cancelled";
        } catch (CompletionException failed) {
            return failed.getCause().toString().split(":")[0];
        }
    }

    /** What the future gives or fails with. */
    static boolean result(CompletableFuture<Boolean> wait) throws Throwable {
        try {
            return wait.get();
        } catch (ExecutionException failed) {
            throw failed.getCause();
        }
    }
}
