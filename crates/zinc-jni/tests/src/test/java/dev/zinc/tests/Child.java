// What other JVMs of these tests do.

package dev.zinc.tests;

import dev.zinc.ClosedException;
import dev.zinc.DType;
import dev.zinc.RegionOptions;
import dev.zinc.SharedRegion;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;

/** A program with the name of a thing to do and a directory as arguments. */
public final class Child {
    private Child() {}

    /**
     * Does it.
     *
     * @param arguments what, and where
     */
    public static void main(String[] arguments) throws Exception {
        var options = new RegionOptions().directory(Path.of(arguments[1]));
        switch (arguments[0]) {
            case "own" -> {
                var owner = options.create("r", 4096);
                owner.byteBuffer().putInt(0, 42);
                owner.signal();
                System.out.println("ready");
                System.in.read();
                // Without closing: the end of the process does that.
            }
            case "pending" -> {
                var region = options.create("pending", 8);
                region.awaitAsync();
                var wait = new Thread(() -> ignore(() -> region.await(1_000_000)));
                wait.setDaemon(true);
                wait.start();
                Threads.awaitParked("Thread-", 1);
                System.out.println("done");
            }
            case "everything" -> {
                everything(options);
                System.out.println("done");
            }
            case "scarce" -> {
                for (int i = 0; i < 1000; i++) {
                    // The half of them is kept by buffers until those are garbage, too.
                    var owner = options.create("r" + i, 64);
                    var peer = options.open("r" + i);
                    assert i % 2 == 0 || owner.byteBuffer().get(0) == peer.byteBuffer().get(0);
                    options.timeout(Duration.ofMillis(1)).openOrCreate("o" + i, 64);
                    options.createTensor("t" + i, DType.INT8, 8).tensor().byteBuffer();
                }
                System.out.println("done");
            }
            case "loaders" -> {
                URL[] jar = {Path.of(arguments[1]).toUri().toURL()};
                for (int i = 0; i < 2; i++) {
                    var loader = new URLClassLoader(jar, null);
                    Class<?> theirs = loader.loadClass(SharedRegion.class.getName());
                    System.out.println(theirs.getMethod("version").invoke(null));
                }
            }
            case "load" -> System.out.println(SharedRegion.version());
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    private static void ignore(Callable<?> call) {
        try {
            call.call();
        } catch (Exception expected) {
            // What it gives is another test's business; here it is how the call is made.
        }
    }

    /** Every native method, with its failures. */
    private static void everything(RegionOptions options) throws Exception {
        var owner = options.mode(0640).spin(Duration.ZERO).create("r", 4096);
        var peer = options.readOnly(true).timeout(Duration.ofSeconds(1)).acceptOwner(0).open("r");
        ignore(() -> options.open("none"));
        ignore(() -> options.timeout(Duration.ofMillis(10)).open("none"));
        options.openOrCreate("r", 10).close();
        options.createTensor("t", DType.FLOAT32, 2, 3).tensor().floatBuffer().put(5, 1);
        owner.describe(DType.INT16, 7);
        peer.descriptor().orElseThrow();
        peer.tensor().shortBuffer(2, 3).get(0);
        ignore(() -> peer.tensor(DType.INT8));
        owner.byteBuffer(8, 8).putLong(0, 1);
        owner.duplicate().signal();
        owner.await(1000);
        peer.await(1000);
        ignore(() -> owner.await(1));
        owner.awaitPast(0);
        var waits = new Thread[3];
        for (int i = 0; i < waits.length; i++) {
            waits[i] = new Thread(() -> ignore(() -> owner.await(1_000_000)), "waits");
            waits[i].start();
        }
        Threads.awaitParked("waits", 3);
        waits[0].interrupt();
        waits[0].join();
        owner.interrupt();
        for (Thread wait : waits) {
            wait.join();
        }
        var pending = owner.awaitAsync();
        peer.signal();
        pending.get();
        owner.awaitAsync().cancel(true);
        ignore(owner.awaitAsync(1)::get);
        var closed = owner.awaitAsync();
        options.list();
        owner.link();
        owner.isNamed();
        owner.persist();
        owner.unlink();
        ignore(() -> {
            options.remove("r");
            return null;
        });
        owner.close();
        ignore(closed::get);
        ignore(owner::byteBuffer);
        peer.close();
        for (int round = 0; round < 5; round++) {
            System.gc();
        }
        ClosedException.class.getName();
    }
}
