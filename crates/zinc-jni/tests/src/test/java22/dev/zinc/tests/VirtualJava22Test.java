// Virtual threads that wait.

package dev.zinc.tests;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zinc.ClosedException;
import dev.zinc.RegionOptions;
import dev.zinc.WaitInterruptedException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class VirtualJava22Test {
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

    /** Virtual threads that have come to where they wait. */
    private record Waits(List<FutureTask<Boolean>> tasks, List<Thread> threads) {
        static Waits start(int count, Callable<Boolean> wait) throws Exception {
            var waits = new Waits(new ArrayList<>(), new ArrayList<>());
            for (int i = 0; i < count; i++) {
                var task = new FutureTask<>(wait);
                waits.tasks.add(task);
                waits.threads.add(Thread.ofVirtual().start(task));
            }
            for (Thread thread : waits.threads) {
                while (thread.getState() != Thread.State.WAITING) {
                    Thread.sleep(1);
                }
            }
            return waits;
        }
    }

    @Test
    void aThousandVirtualThreadsWithoutATimeoutAllEndOnClose() throws Exception {
        try (var owner = options.create("r", 8); var peer = options.open("r")) {
            int before = Threads.count();
            var waits = Waits.start(1000, () -> {
                peer.await();
                return true;
            });
            // Carriers, the hub and the delivery, but not a thread each.
            assertTrue(Threads.count() <= before + 10, before + " threads before, " + Threads.count() + " then");
            assertTrue(Thread.ofVirtual().start(() -> {}).join(Duration.ofSeconds(60)), "a carrier is free");
            peer.close();
            for (var wait : waits.tasks) {
                assertInstanceOf(ClosedException.class, failure(wait));
            }
            assertFalse(owner.isClosed());
        }
    }

    @Test
    void aNotificationEndsTheWaitsOfVirtualThreads() throws Exception {
        try (var owner = options.create("r", 8); var peer = options.open("r")) {
            var waits = Waits.start(100, () -> {
                peer.await();
                return true;
            });
            owner.signal();
            for (var wait : waits.tasks) {
                assertTrue(wait.get());
            }
            var past = Waits.start(3, () -> peer.awaitPast(1) == 2);
            owner.signal();
            for (var wait : past.tasks) {
                assertTrue(wait.get());
            }
        }
    }

    @Test
    void interruptingAVirtualThreadEndsItsWaitAndNoOther() throws Exception {
        try (var owner = options.create("r", 8); var peer = options.open("r")) {
            var waits = Waits.start(10, () -> {
                peer.await();
                return true;
            });
            for (int i = 1; i < 10; i++) {
                waits.threads.get(i).interrupt();
                assertInstanceOf(InterruptedException.class, failure(waits.tasks.get(i)));
            }
            assertFalse(waits.tasks.get(0).isDone());
            owner.signal();
            assertTrue(waits.tasks.get(0).get());
            var handle = Waits.start(10, () -> {
                peer.await();
                return true;
            });
            peer.interrupt();
            for (var wait : handle.tasks) {
                assertInstanceOf(WaitInterruptedException.class, failure(wait));
            }
        }
    }

    @Test
    void timeoutsOfVirtualThreadsAreWaitedOut() throws Exception {
        try (var region = options.create("r", 8)) {
            var wait = new FutureTask<>(() -> {
                long before = System.nanoTime();
                assertFalse(region.await(30));
                assertFalse(region.await(0));
                assertTrue(region.awaitPast(0, Duration.ofMillis(30)).isEmpty());
                return System.nanoTime() - before;
            });
            Thread.ofVirtual().start(wait);
            assertTrue(wait.get() >= 60_000_000);
        }
    }

    @Test
    void aVirtualThreadWaitsForARegionToAppear() throws Exception {
        var opened = new FutureTask<>(() -> options.timeout(Duration.ofMinutes(1)).open("late"));
        Thread.ofVirtual().start(opened);
        try (var owner = options.create("late", 8)) {
            opened.get().close();
            assertFalse(owner.isClosed());
        }
    }
}
