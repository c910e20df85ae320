// How Thread.interrupt reaches a thread that sleeps in the kernel.

package dev.zinc;

import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.spi.AbstractSelector;
import java.util.Set;

/**
 * A sleep of one thread on one region. It is a selector because those are what {@link Thread#interrupt()} wakes: it
 * calls {@link #wakeup()} on the selector that the thread is blocked in. Nothing can be selected with it. Native code
 * makes it.
 */
final class Sleep extends AbstractSelector {
    /** Kept, and with it the handle, for an interrupt that comes when the sleep has just ended. */
    private final SharedRegion region;

    Sleep(SharedRegion region) {
        super(null);
        this.region = region;
    }

    /** From now on an interrupt wakes the region's waits; one that came before does so at once. */
    void enter() {
        begin();
    }

    /** Whether the thread was interrupted; the mark that says so is gone then. */
    boolean leave() {
        end();
        return Thread.interrupted();
    }

    @Override
    public Selector wakeup() {
        region.wake();
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
