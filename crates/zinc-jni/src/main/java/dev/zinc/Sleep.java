// How Thread.interrupt reaches a thread that sleeps in the kernel.

package dev.zinc;

import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.spi.AbstractSelector;
import java.util.Set;

/**
 * A sleep of one thread. It is a selector because those are what {@link Thread#interrupt()} wakes: it calls
 * {@link #wakeup()} on the selector that the thread is blocked in. Nothing can be selected with it.
 */
final class Sleep extends AbstractSelector {
    /** An interrupt may call it when the sleep has just ended, so it must be harmless then. */
    private final Runnable wakeup;

    /** A sleep that {@code wakeup} ends. */
    Sleep(Runnable wakeup) {
        super(null);
        this.wakeup = wakeup;
    }

    /** A sleep of a wait, which native code makes. */
    Sleep(SharedRegion region) {
        this(region::wake);
    }

    /** From now on an interrupt ends the sleep; one that came before does so at once. */
    void enter() {
        begin();
    }

    /** From now on an interrupt is the thread's own affair. */
    void leave() {
        end();
    }

    @Override
    public Selector wakeup() {
        wakeup.run();
        return this;
    }

    @Override
    protected void implCloseSelector() {}

    @Override
    protected java.nio.channels.SelectionKey register(
            java.nio.channels.spi.AbstractSelectableChannel channel, int operations, Object attachment) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Set<SelectionKey> keys() {
        throw new UnsupportedOperationException();
    }

    @Override
    public Set<SelectionKey> selectedKeys() {
        throw new UnsupportedOperationException();
    }

    @Override
    public int selectNow() {
        throw new UnsupportedOperationException();
    }

    @Override
    public int select(long timeout) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int select() {
        throw new UnsupportedOperationException();
    }
}
