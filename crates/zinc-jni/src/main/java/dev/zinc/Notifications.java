// A region's notifications as a stream of java.util.concurrent.Flow.

package dev.zinc;

import static java.util.Objects.requireNonNull;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Flow;

/** The publisher of one handle. */
final class Notifications implements Flow.Publisher<Long> {
    private final SharedRegion region;
    private final Set<Subscription> subscriptions = ConcurrentHashMap.newKeySet();

    Notifications(SharedRegion region) {
        this.region = region;
    }

    @Override
    public void subscribe(Flow.Subscriber<? super Long> subscriber) {
        var subscription = new Subscription(requireNonNull(subscriber, "subscriber"));
        subscriptions.add(subscription);
        subscription.start();
    }

    /** The handle was closed: ends the streams. */
    void end() {
        subscriptions.forEach(Subscription::end);
    }

    /** One subscriber, with a handle of its own for its position. Its steps run one after another, off its callers. */
    private final class Subscription implements Flow.Subscription {
        private final Flow.Subscriber<? super Long> subscriber;

        /** Keeps a position, and is closed at the end. */
        private final SharedRegion own = region.duplicate();

        /** How many items were asked for and have not been delivered. */
        private long demand;

        /** Whether a step runs or a wait is pending, which goes on where there is demand. */
        private boolean busy = true;

        private boolean over;

        /** What the subscriber has done wrong. */
        private InvalidArgumentException wrong;

        Subscription(Flow.Subscriber<? super Long> subscriber) {
            this.subscriber = subscriber;
        }

        void start() {
            Elsewhere.THREADS.execute(() -> {
                if (told(() -> subscriber.onSubscribe(this))) {
                    step();
                }
            });
        }

        @Override
        public void request(long count) {
            synchronized (this) {
                if (count > 0) {
                    demand = demand + count < 0 ? Long.MAX_VALUE : demand + count;
                } else if (wrong == null) {
                    var why = "the argument count is " + count + "; request at least one item";
                    wrong = new InvalidArgumentException(ZincException.Details.of("request", own.name(), why));
                    own.close();
                }
            }
            goOn();
        }

        /** The handle was closed. */
        private void end() {
            own.close();
            goOn();
        }

        private void goOn() {
            synchronized (this) {
                if (busy || over) {
                    return;
                }
                busy = true;
            }
            Elsewhere.THREADS.execute(this::step);
        }

        @Override
        public void cancel() {
            synchronized (this) {
                over = true;
            }
            subscriptions.remove(this);
            own.close();
        }

        /** Begins the next wait if its item was asked for. The end of the handle is told unasked. */
        private void step() {
            synchronized (this) {
                if (demand == 0 && !own.isClosed()) {
                    busy = false;
                    return;
                }
            }
            CompletableFuture<Boolean> wait = own.awaitAsync();
            wait.whenCompleteAsync((notified, failed) -> deliver((ZincException) failed), Elsewhere.THREADS);
        }

        private void deliver(ZincException failed) {
            if (failed != null) {
                finish(failed);
                return;
            }
            synchronized (this) {
                if (demand != Long.MAX_VALUE) {
                    demand--;
                }
            }
            long sequence;
            try {
                sequence = own.sequence();
            } catch (ZincException closed) {
                finish(closed);
                return;
            }
            if (told(() -> subscriber.onNext(sequence))) {
                step();
            }
        }

        private void finish(ZincException failure) {
            told(() -> {
                cancel();
                if (wrong != null) {
                    subscriber.onError(wrong);
                } else if (failure instanceof ClosedException) {
                    subscriber.onComplete();
                } else {
                    subscriber.onError(failure);
                }
            });
        }

        /** Calls the subscriber unless it has cancelled; one that throws has done so. Whether the stream goes on. */
        private boolean told(Runnable call) {
            synchronized (this) {
                if (over) {
                    return false;
                }
            }
            try {
                call.run();
            } catch (RuntimeException | Error subscribers) {
                cancel();
                throw subscribers;
            }
            return true;
        }
    }
}
