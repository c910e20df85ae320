// Blocking waits.

package dev.zinc.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zinc.ClosedException;
import dev.zinc.InvalidArgumentException;
import dev.zinc.NotFoundException;
import dev.zinc.RegionOptions;
import dev.zinc.SharedRegion;
import dev.zinc.WaitInterruptedException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class WaitTest {
    @TempDir(factory = Shm.class)
    Path directory;

    RegionOptions options;

    @BeforeEach
    void here() {
        options = new RegionOptions().directory(directory);
    }

    private static Throwable failure(Future<?> wait) {
        return assertThrows(ExecutionException.class, wait::get).getCause();
    }

    @Test
    void aNotificationFromBeforeOpenEndsTheFirstWait() throws Exception {
        try (var owner = options.create("r", 8)) {
            owner.signal();
            owner.signal();
            try (var peer = options.open("r")) {
                assertTrue(peer.await(0));
                assertFalse(peer.await(0));
                assertEquals(2, peer.sequence());
                assertFalse(owner.await(0), "its own");
            }
        }
    }

    @Test
    void timeoutsAreWaitedOutAndNotLess() throws Exception {
        try (var region = options.create("r", 8)) {
            long before = System.nanoTime();
            assertFalse(region.await(30));
            assertFalse(region.await(Duration.ofMillis(30)));
            assertEquals(OptionalLong.empty(), region.awaitPast(0, Duration.ofMillis(30)));
            assertTrue(System.nanoTime() - before >= 90_000_000);
            assertFalse(region.await(30, TimeUnit.MILLISECONDS));
            assertTrue(System.nanoTime() - before >= 120_000_000);
            region.duplicate().signal();
            assertTrue(region.await(Duration.ofSeconds(Long.MAX_VALUE)));
            assertTrue(region.awaitPast(0) == 1);
        }
    }

    @Test
    void aDurationBelowZeroLooksOnceAndANumberBelowZeroIsAMistake() throws Exception {
        try (var region = options.create("r", 8)) {
            var past = Duration.ofHours(-1);
            assertFalse(region.await(past));
            assertFalse(region.await(-1, TimeUnit.HOURS));
            assertFalse(region.await(Duration.ofSeconds(Long.MIN_VALUE)));
            assertEquals(OptionalLong.empty(), region.awaitPast(0, past));
            assertThrows(NotFoundException.class, () -> options.timeout(past).open("never"));
            var refused = assertThrows(InvalidArgumentException.class, () -> region.await(-1));
            assertTrue(refused.getMessage().contains("milliseconds is -1"), refused.getMessage());
            region.duplicate().signal();
            assertTrue(region.await(past), "it does look");
        }
    }

    @Test
    void forEverIsTheDurationThatDoesNotEnd() throws Exception {
        try (var owner = options.create("r", 8); var peer = options.open("r")) {
            var wait = Threads.start("for ever", () -> peer.await(SharedRegion.FOREVER));
            var past = Threads.start("for ever", () -> peer.awaitPast(0, SharedRegion.FOREVER));
            var open = Threads.start("appears", () -> options.timeout(SharedRegion.FOREVER).open("late"));
            Threads.awaitParked("for ever", 2);
            Threads.awaitPolling("appears");
            owner.signal();
            assertTrue(wait.get());
            assertEquals(OptionalLong.of(1), past.get());
            try (var late = options.create("late", 8)) {
                open.get().close();
                assertFalse(late.isClosed());
            }
        }
    }

    @Test
    void aParkedWaitEndsWithTheNotificationAndSeesWhatWasWritten() throws Exception {
        try (var owner = options.create("r", 8); var peer = options.open("r")) {
            var wait = Threads.start("parked", () -> {
                peer.await();
                return peer.byteBuffer().getInt(0);
            });
            Threads.awaitParked("parked", 1);
            owner.byteBuffer().putInt(0, 42);
            owner.signal();
            assertEquals(42, wait.get());
        }
    }

    @Test
    void interruptingAThreadEndsItsWaitAndNoOther() throws Exception {
        try (var owner = options.create("r", 8); var peer = options.open("r")) {
            var waits = new ArrayList<FutureTask<Boolean>>();
            var threads = new ArrayList<Thread>();
            for (int i = 0; i < 8; i++) {
                var wait = new FutureTask<>(() -> peer.await(100_000));
                var thread = new Thread(wait, "interruptible" + i);
                thread.start();
                waits.add(wait);
                threads.add(thread);
            }
            Threads.awaitParked("interruptible", 8);
            for (int i = 1; i < 8; i++) {
                threads.get(i).interrupt();
                assertInstanceOf(InterruptedException.class, failure(waits.get(i)));
            }
            Threads.awaitParked("interruptible0", 1);
            assertFalse(waits.get(0).isDone());
            owner.signal();
            assertTrue(waits.get(0).get());
        }
    }

    @Test
    void interruptingThreadsWakesAnotherOnceEachAtTheMostAndItSleepsOn() throws Exception {
        try (var owner = options.create("r", 8); var peer = options.open("r")) {
            var undisturbed = Threads.start("undisturbed", () -> peer.await(100_000));
            Threads.awaitParked("undisturbed", 1);
            long before = Threads.sleeps("undisturbed");
            int interrupts = 200;
            long start = System.nanoTime();
            for (int i = 0; i < interrupts; i++) {
                var wait = new FutureTask<>(() -> peer.await(100_000));
                var thread = new Thread(wait, "interrupted" + i);
                thread.start();
                Threads.awaitParked("interrupted" + i, 1);
                thread.interrupt();
                assertInstanceOf(InterruptedException.class, failure(wait));
            }
            Threads.awaitParked("undisturbed", 1);
            assertFalse(undisturbed.isDone());
            // One for each interrupt, and those by which it looks after the owner twice a second. A lock in Java, and
            // the JVM's own stops, may cost a few.
            long byItself = (System.nanoTime() - start) / 500_000_000 + 1;
            long sleeps = Threads.sleeps("undisturbed") - before;
            assertTrue(sleeps <= interrupts + interrupts / 2 + byItself, sleeps + " sleeps");
            owner.signal();
            assertTrue(undisturbed.get());
        }
    }

    @Test
    void interruptingAThreadEndsItsWaitForASequenceAndNoOther() throws Exception {
        try (var owner = options.create("r", 8); var peer = options.open("r")) {
            var other = Threads.start("others", () -> peer.awaitPast(0));
            var wait = new FutureTask<>(() -> peer.awaitPast(0));
            var thread = new Thread(wait, "past");
            thread.start();
            Threads.awaitParked("others", 1);
            Threads.awaitParked("past", 1);
            thread.interrupt();
            assertInstanceOf(InterruptedException.class, failure(wait));
            Threads.awaitParked("others", 1);
            assertFalse(other.isDone());
            owner.signal();
            assertEquals(1, other.get());
        }
    }

    @Test
    void aThreadThatIsInterruptedAlreadyDoesNotWait() {
        try (var region = options.create("r", 8)) {
            region.duplicate().signal();
            Thread.currentThread().interrupt();
            assertThrows(InterruptedException.class, () -> region.await(100_000));
            assertFalse(Thread.currentThread().isInterrupted());
            Thread.currentThread().interrupt();
            assertThrows(InterruptedException.class, () -> region.awaitPast(5));
        }
    }

    @Test
    void aThousandInterruptsAtAnyMomentEndAThousandWaits() throws Exception {
        try (var region = options.create("r", 8)) {
            for (int round = 0; round < 1000; round++) {
                var wait = new FutureTask<Boolean>(() -> region.await(100_000));
                var thread = new Thread(wait, "raced");
                thread.start();
                for (int spin = 0; spin < round * 20; spin++) {
                    Thread.onSpinWait();
                }
                thread.interrupt();
                assertInstanceOf(InterruptedException.class, failure(wait));
            }
        }
    }

    @Test
    void interruptOfTheHandleEndsAllItsWaitsAndNoOthers() throws Exception {
        try (var owner = options.create("r", 8); var peer = options.open("r"); var other = options.open("r")) {
            var first = Threads.start("handle", () -> peer.await(100_000));
            var second = Threads.start("handle", () -> peer.awaitPast(0));
            var third = Threads.start("handle", () -> other.await(100_000));
            Threads.awaitParked("handle", 3);
            peer.interrupt();
            assertInstanceOf(WaitInterruptedException.class, failure(first));
            assertInstanceOf(WaitInterruptedException.class, failure(second));
            assertFalse(peer.await(0), "a wait that begins later is not touched");
            owner.signal();
            assertTrue(third.get());
        }
    }

    @Test
    void interruptsOfThreadsAndOfTheHandleDoNotSwallowEachOther() throws Exception {
        try (var region = options.create("r", 8)) {
            for (int round = 0; round < 300; round++) {
                var byHandle = new FutureTask<Boolean>(() -> region.await(100_000));
                var byThread = new FutureTask<Boolean>(() -> region.await(100_000));
                var interrupted = new Thread(byThread, "both");
                new Thread(byHandle, "both").start();
                interrupted.start();
                Threads.awaitParked("both", 2);
                interrupted.interrupt();
                region.interrupt();
                assertInstanceOf(WaitInterruptedException.class, failure(byHandle));
                Throwable either = failure(byThread);
                assertTrue(either instanceof InterruptedException || either instanceof WaitInterruptedException);
            }
        }
    }

    @Test
    void aThousandThreadsWithoutATimeoutAllEndOnClose() throws Exception {
        try (var owner = options.create("r", 8); var peer = options.open("r")) {
            var waits = new ArrayList<FutureTask<Object>>();
            for (int i = 0; i < 1000; i++) {
                SharedRegion region = i % 2 == 0 ? peer : owner;
                waits.add(Threads.start("thousand", () -> {
                    region.await();
                    return null;
                }));
            }
            Threads.awaitParked("thousand", 1000);
            peer.close();
            owner.close();
            for (var wait : waits) {
                assertInstanceOf(ClosedException.class, failure(wait));
            }
        }
    }

    @Test
    void aParkedWaitCostsNoProcessorTime() throws Exception {
        try (var region = options.create("r", 8)) {
            var wait = Threads.start("costless", () -> region.await(100_000));
            Threads.awaitParked("costless", 1);
            long before = Threads.ticks("costless");
            // A spinning wait would use 150 ticks of these 1.5 s; the sleeps between looks at the owner are 0.5 s.
            assertFalse(options.open("r").await(1500));
            assertTrue(Threads.ticks("costless") - before <= 2);
            region.interrupt();
            assertInstanceOf(WaitInterruptedException.class, failure(wait));
        }
    }

    /** As many as would outlast the watchdog if each open slept for a second before it looked. */
    private static final int OPENS = 200;

    @Test
    void interruptingEndsTheWaitForARegionToAppearAtOnce() throws Exception {
        var waiting = options.timeout(Duration.ofMinutes(10));
        for (int i = 0; i < OPENS; i++) {
            var opening = new FutureTask<>(() -> {
                try {
                    return waiting.open("never");
                } finally {
                    assertTrue(Thread.interrupted(), "the mark stays");
                }
            });
            var thread = new Thread(opening, "opening" + i);
            thread.start();
            // Half of them before they sleep, or on the way there.
            if (i % 2 == 0) {
                Threads.awaitPolling("opening" + i);
            }
            thread.interrupt();
            assertInstanceOf(WaitInterruptedException.class, failure(opening));
        }
    }

    @Test
    void interruptingOneOpenEndsNoOther() throws Exception {
        var waiting = options.timeout(Duration.ofMinutes(10));
        var other = Threads.start("patient", () -> waiting.open("late"));
        Threads.awaitPolling("patient");
        var opening = new FutureTask<>(() -> waiting.open("late"));
        var thread = new Thread(opening, "hasty");
        thread.start();
        Threads.awaitPolling("hasty");
        thread.interrupt();
        assertInstanceOf(WaitInterruptedException.class, failure(opening));
        Threads.awaitPolling("patient");
        assertFalse(other.isDone());
        try (var owner = options.create("late", 8)) {
            other.get().close();
            assertFalse(owner.isClosed());
        }
    }

    @Test
    void opensThatWaitLeaveNoFilesOpen() throws Exception {
        var waiting = options.timeout(Duration.ofMillis(1));
        assertThrows(NotFoundException.class, () -> waiting.open("never"));
        long before = Threads.files();
        for (int i = 0; i < 100; i++) {
            assertThrows(NotFoundException.class, () -> waiting.open("never"));
        }
        assertTrue(Threads.files() < before + 50, before + " files before, " + Threads.files() + " then");
    }

    @Test
    void aThreadThatIsInterruptedOpensARegionThatIsThereAndKeepsItsMark() {
        try (var owner = options.create("r", 8)) {
            Thread.currentThread().interrupt();
            options.timeout(Duration.ofMinutes(10)).open("r").close();
            assertTrue(Thread.interrupted());
            assertFalse(owner.isClosed());
        }
    }
}
