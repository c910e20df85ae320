// Waits without threads.

package dev.zinc.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zinc.ClosedException;
import dev.zinc.InvalidArgumentException;
import dev.zinc.InvalidNameException;
import dev.zinc.NotFoundException;
import dev.zinc.RegionOptions;
import dev.zinc.SharedRegion;
import dev.zinc.WaitInterruptedException;
import java.lang.ref.WeakReference;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class AsyncTest {
    @TempDir(factory = Shm.class)
    Path directory;

    RegionOptions options;

    @BeforeEach
    void here() {
        options = new RegionOptions().directory(directory);
    }

    private static Throwable failure(CompletableFuture<?> wait) {
        return assertThrows(ExecutionException.class, wait::get).getCause();
    }

    @Test
    void aNotificationCompletesTheFuture() throws Exception {
        try (var owner = options.create("r", 8); var peer = options.open("r")) {
            var wait = peer.awaitAsync();
            assertFalse(wait.isDone());
            owner.byteBuffer().putInt(0, 42);
            owner.signal();
            assertEquals(42, wait.thenApply(notified -> peer.byteBuffer().getInt(0)).get());
            owner.signal();
            assertTrue(peer.awaitAsync().isDone(), "what is there already is given at once");
            assertFalse(peer.awaitAsync(0).get());
            assertFalse(peer.awaitAsync(20).get());
            assertFalse(peer.awaitAsync(Duration.ofMillis(20)).get());
            assertThrows(InvalidArgumentException.class, () -> peer.awaitAsync(-1));
            assertFalse(peer.awaitAsync(Duration.ofNanos(-1)).get(), "nothing is left, so it looks once");
            var ever = peer.awaitAsync(SharedRegion.FOREVER);
            assertFalse(ever.isDone());
            owner.signal();
            assertTrue(ever.get());
        }
    }

    @Test
    void cancellingEndsTheWaitAndTakesNothingIn() throws Exception {
        try (var owner = options.create("r", 8); var peer = options.open("r")) {
            var wait = peer.awaitAsync();
            assertTrue(wait.cancel(true));
            assertTrue(wait.isCancelled());
            assertTrue(wait.cancel(true));
            owner.signal();
            assertTrue(peer.await(0));
            assertFalse(peer.await(0));
        }
    }

    @Test
    void whateverCompletesTheFutureEndsTheWait() throws Exception {
        try (var owner = options.create("r", 8); var peer = options.open("r")) {
            assertInstanceOf(TimeoutException.class, failure(peer.awaitAsync().orTimeout(1, TimeUnit.MILLISECONDS)));
            assertFalse(peer.awaitAsync().completeOnTimeout(false, 1, TimeUnit.MILLISECONDS).get());
            var wait = peer.awaitAsync();
            assertTrue(wait.complete(false));
            assertFalse(wait.complete(true));
            owner.signal();
            assertTrue(peer.await(0));
            assertFalse(wait.get());
        }
    }

    @Test
    void aNotificationThatRacesWithACancelBelongsToTheWaitOrToTheNext() throws Exception {
        try (var owner = options.create("r", 8); var peer = options.open("r")) {
            for (int round = 0; round < 2000; round++) {
                var wait = peer.awaitAsync();
                var signal = CompletableFuture.runAsync(owner::signal);
                for (int spin = 0; spin < round; spin++) {
                    Thread.onSpinWait();
                }
                boolean cancelled = wait.cancel(true);
                signal.get();
                if (cancelled) {
                    assertTrue(peer.await(0), "round " + round);
                } else {
                    assertTrue(wait.get(), "round " + round);
                    assertFalse(peer.await(0), "round " + round);
                }
            }
        }
    }

    @Test
    void closeAndInterruptEndPendingWaits() throws Exception {
        var owner = options.create("r", 8);
        var peer = options.open("r");
        var other = options.open("r");
        var interrupted = peer.awaitAsync();
        peer.interrupt();
        assertInstanceOf(WaitInterruptedException.class, failure(interrupted));
        var ofHandle = peer.awaitAsync();
        var ofRegion = other.awaitAsync();
        peer.close();
        assertInstanceOf(ClosedException.class, failure(ofHandle));
        assertFalse(ofRegion.isDone());
        owner.close();
        assertInstanceOf(ClosedException.class, failure(ofRegion));
        assertInstanceOf(ClosedException.class, failure(other.awaitAsync()));
    }

    @Test
    void anOpenIsAwaitedWithoutAThread() throws Exception {
        var patient = options.timeout(SharedRegion.FOREVER);
        SharedRegion.openAsync("late", patient).cancel(true);
        int before = Threads.count();
        var opens = IntStream.range(0, 100).mapToObj(i -> SharedRegion.openAsync("late", patient)).toList();
        assertTrue(Threads.count() <= before + 4, before + " threads before, then " + Threads.count());
        try (var owner = options.create("late", 8)) {
            for (var open : opens) {
                try (var peer = open.get()) {
                    assertEquals(owner.info().id(), peer.info().id());
                }
            }
            options.openAsync("late").get().close();
        }
        assertInstanceOf(NotFoundException.class, failure(options.openAsync("late")));
        assertInstanceOf(NotFoundException.class, failure(options.timeout(Duration.ofMillis(20)).openAsync("late")));
        assertInstanceOf(InvalidNameException.class, failure(options.openAsync("a/b")));
    }

    @Test
    void cancellingEndsAnOpenAtOnceAndLeavesNoHandle() throws Exception {
        var patient = options.timeout(SharedRegion.FOREVER);
        var opening = patient.openAsync("r");
        assertTrue(opening.cancel(true));
        assertTrue(opening.isCancelled());
        assertInstanceOf(
                TimeoutException.class, failure(patient.openAsync("r").orTimeout(1, TimeUnit.MILLISECONDS)));
        for (int round = 0; round < 200; round++) {
            var raced = patient.openAsync("r");
            var create = CompletableFuture.supplyAsync(() -> options.create("r", 8));
            for (int spin = 0; spin < 100 * round; spin++) {
                Thread.onSpinWait();
            }
            boolean cancelled = raced.cancel(true);
            create.get().close();
            assertEquals(cancelled, raced.isCancelled());
            if (!cancelled) {
                raced.get().close();
            }
        }
    }

    @Test
    void whatDependsOnAFutureMayBlock() throws Exception {
        try (var owner = options.create("r", 8); var peer = options.open("r"); var other = options.open("r")) {
            var nested = peer.awaitAsync().thenApply(first -> {
                other.signal();
                return peer.awaitAsync().join();
            });
            owner.signal();
            assertTrue(nested.get());
        }
    }

    @Test
    void tenThousandPendingWaitsNeedNoThreadEach() throws Exception {
        try (var owner = options.create("r", 8); var peer = options.open("r")) {
            peer.awaitAsync(0).get();
            int before = Threads.count();
            var waits = IntStream.range(0, 10_000).mapToObj(i -> peer.awaitAsync()).toList();
            assertTrue(Threads.count() <= before + 4, before + " threads before, then " + Threads.count());
            owner.signal();
            for (var wait : waits) {
                assertTrue(wait.get());
            }
        }
    }

    @Test
    void aWaitKeepsItsRegionOpenAndGoesWithItsEnd() throws Exception {
        try (var owner = options.create("r", 8)) {
            var wait = options.open("r").awaitAsync();
            for (int round = 0; round < 5; round++) {
                System.gc();
            }
            assertFalse(wait.isDone());
            owner.signal();
            assertTrue(wait.get());
            var gone = new WeakReference<>(wait);
            wait = null;
            while (gone.get() != null) {
                System.gc();
            }
        }
    }
}
