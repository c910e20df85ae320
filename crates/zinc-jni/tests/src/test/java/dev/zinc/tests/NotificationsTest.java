// Notifications as a stream.

package dev.zinc.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zinc.InvalidArgumentException;
import dev.zinc.OwnerDiedException;
import dev.zinc.RegionOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class NotificationsTest {
    @TempDir(factory = Shm.class)
    Path directory;

    RegionOptions options;

    @BeforeEach
    void here() {
        options = new RegionOptions().directory(directory);
    }

    /** Keeps what it is told: numbers, failures, and "end". */
    private static final class Subscriber implements Flow.Subscriber<Long> {
        final BlockingQueue<Object> told = new LinkedBlockingQueue<>();
        final BlockingQueue<Flow.Subscription> subscription = new LinkedBlockingQueue<>();
        private final long first;

        Subscriber(long first) {
            this.first = first;
        }

        @Override
        public void onSubscribe(Flow.Subscription begun) {
            if (first != 0) {
                begun.request(first);
            }
            subscription.add(begun);
        }

        @Override
        public void onNext(Long sequence) {
            told.add(sequence);
        }

        @Override
        public void onError(Throwable failure) {
            told.add(failure);
        }

        @Override
        public void onComplete() {
            told.add("end");
        }
    }

    @Test
    void eachSubscriberGetsEachNotificationAndTheEnd() throws Exception {
        var owner = options.create("r", 8);
        try (var peer = options.open("r")) {
            var subscribers = List.of(new Subscriber(Long.MAX_VALUE), new Subscriber(Long.MAX_VALUE));
            subscribers.forEach(peer.notifications()::subscribe);
            for (long sequence = 1; sequence <= 100; sequence++) {
                owner.signal();
                for (var subscriber : subscribers) {
                    assertEquals(sequence, subscriber.told.take());
                }
            }
            assertTrue(peer.await(0), "the handle's own position is not theirs");
            owner.close();
            for (var subscriber : subscribers) {
                assertEquals("end", subscriber.told.take());
            }
        }
    }

    @Test
    void nothingComesUnasked() throws Exception {
        try (var owner = options.create("r", 8); var peer = options.open("r")) {
            var subscriber = new Subscriber(0);
            peer.notifications().subscribe(subscriber);
            var subscription = subscriber.subscription.take();
            owner.signal();
            owner.signal();
            subscription.request(1);
            assertEquals(2L, subscriber.told.take());
            owner.signal();
            var other = new Subscriber(1);
            peer.notifications().subscribe(other);
            assertEquals(3L, other.told.take());
            assertNull(subscriber.told.poll());
            subscription.request(1);
            assertEquals(3L, subscriber.told.take());
        }
    }

    @Test
    void cancellingEndsTheStreamWithoutAWord() throws Exception {
        try (var owner = options.create("r", 8); var peer = options.open("r")) {
            var cancelled = new Subscriber(Long.MAX_VALUE);
            var other = new Subscriber(Long.MAX_VALUE);
            peer.notifications().subscribe(cancelled);
            peer.notifications().subscribe(other);
            var subscription = cancelled.subscription.take();
            subscription.cancel();
            subscription.request(1);
            for (long sequence = 1; sequence <= 100; sequence++) {
                owner.signal();
                assertEquals(sequence, other.told.take());
            }
            assertNull(cancelled.told.poll());
        }
    }

    @Test
    void closingTheHandleCompletesItsStreamsAskedForOrNot() throws Exception {
        try (var owner = options.create("r", 8)) {
            var peer = options.open("r");
            var idle = new Subscriber(0);
            var waiting = new Subscriber(Long.MAX_VALUE);
            peer.notifications().subscribe(idle);
            peer.notifications().subscribe(waiting);
            idle.subscription.take();
            peer.close();
            assertEquals("end", idle.told.take());
            assertEquals("end", waiting.told.take());
            var late = new Subscriber(1);
            peer.notifications().subscribe(late);
            assertEquals("end", late.told.take());
            assertFalse(owner.isClosed());
        }
    }

    @Test
    void aDeadOwnerAndAWrongRequestAreFailures() throws Exception {
        try (var child = Jvm.start(List.of(), Child.class, "own", directory.toString())) {
            assertEquals("ready", child.line());
            try (var peer = options.open("r")) {
                var subscriber = new Subscriber(Long.MAX_VALUE);
                var wrong = new Subscriber(-1);
                peer.notifications().subscribe(subscriber);
                peer.notifications().subscribe(wrong);
                assertEquals(1L, subscriber.told.take());
                assertInstanceOf(InvalidArgumentException.class, wrong.told.take());
                child.kill();
                assertInstanceOf(OwnerDiedException.class, subscriber.told.take());
            }
        }
    }
}
