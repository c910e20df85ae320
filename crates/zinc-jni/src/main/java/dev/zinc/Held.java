// Native objects, and the Java objects that hold them.

package dev.zinc;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What is to be released when a Java object is garbage. A cleaner does that in its time; {@link #collect()} does it at
 * once.
 */
final class Held extends WeakReference<Object> implements Runnable {
    private static final Cleaner CLEANER = Cleaner.create();

    private static final Set<Held> ALL = ConcurrentHashMap.newKeySet();

    /** A buffer that is garbage can have been all that kept its owner, and its owner's collection takes one more. */
    private static final int ROUNDS = 3;

    private final Runnable release;
    private final Cleaner.Cleanable cleanable;

    private Held(Object holder, Runnable release) {
        super(holder);
        this.release = release;
        cleanable = CLEANER.register(holder, this);
    }

    /**
     * Lets {@code release} run once, when {@code holder} is garbage; it must not refer to the holder. Until then it is
     * reachable, with all that it refers to.
     */
    static void untilGarbage(Object holder, Runnable release) {
        ALL.add(new Held(holder, release));
        Reference.reachabilityFence(holder);
    }

    /** A cleaner calls this, once. */
    @Override
    public void run() {
        try {
            release.run();
        } finally {
            ALL.remove(this);
        }
    }

    /** Collects garbage, and returns when what that held is released. A JVM that forbids it is not asked twice. */
    static void collect() {
        boolean found = true;
        for (int round = 0; found && round < ROUNDS; round++) {
            System.gc();
            found = false;
            for (Held held : ALL) {
                if (held.refersTo(null)) {
                    held.cleanable.clean();
                    // The cleaner's own thread may have begun it, and is not through.
                    while (ALL.contains(held)) {
                        Thread.yield();
                    }
                    found = true;
                }
            }
        }
    }
}
