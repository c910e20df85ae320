// What ends an open that waits for its region.

package dev.zinc;

/** Ends an open from any thread, until this is closed; a later call does nothing. */
final class Cancel implements AutoCloseable {
    private final long cancel = Native.cancel();
    private boolean released;

    /** The native object, for the open that it ends. The open is over before this is closed. */
    long handle() {
        return cancel;
    }

    /** Ends the open. Twice is fine. */
    synchronized void fire() {
        if (!released) {
            Native.fire(cancel);
        }
    }

    @Override
    public synchronized void close() {
        if (!released) {
            released = true;
            Native.releaseCancel(cancel);
        }
    }
}
