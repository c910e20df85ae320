// The thread that tells waits and opens how they ended.

package dev.zinc;

/** Begins with the first that wants to be told, and lasts as long as the process. */
final class Delivery {
    static {
        var delivery = new Thread(Native::deliver, "zinc-delivery");
        delivery.setDaemon(true);
        delivery.start();
    }

    private Delivery() {}

    /** Sees to it that the thread runs. */
    static void begin() {
        // Loading the class did.
    }
}
