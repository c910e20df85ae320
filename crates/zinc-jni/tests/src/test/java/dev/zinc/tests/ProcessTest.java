// Between JVMs.

package dev.zinc.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zinc.ClosedException;
import dev.zinc.NotFoundException;
import dev.zinc.OwnerDiedException;
import dev.zinc.RegionOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class ProcessTest {
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
    void anOwnerThatExitsWithoutClosingHasClosed() throws Exception {
        try (var child = Jvm.start(List.of(), Child.class, "own", directory.toString())) {
            assertEquals("ready", child.line());
            try (var peer = options.open("r")) {
                assertTrue(peer.await(0));
                assertEquals(42, peer.byteBuffer().getInt(0));
                var pending = peer.awaitAsync();
                child.finish();
                assertThrows(ClosedException.class, peer::await);
                assertInstanceOf(ClosedException.class, failure(pending));
                assertEquals(42, peer.byteBuffer().getInt(0));
            }
            assertThrows(NotFoundException.class, () -> options.open("r"));
        }
    }

    @Test
    void aKilledOwnerIsNoticedByEveryWait() throws Exception {
        try (var child = Jvm.start(List.of(), Child.class, "own", directory.toString())) {
            assertEquals("ready", child.line());
            try (var peer = options.open("r")) {
                assertTrue(peer.await(0));
                var pending = peer.awaitAsync();
                var blocking = Threads.start("orphan", () -> peer.await(100_000));
                Threads.awaitParked("orphan", 1);
                child.kill();
                assertInstanceOf(OwnerDiedException.class, failure(blocking));
                assertInstanceOf(OwnerDiedException.class, failure(pending));
            }
            options.create("r", 10).close();
        }
    }

    @Test
    void pendingWaitsDoNotKeepAJvmFromEnding() throws Exception {
        try (var child = Jvm.start(List.of(), Child.class, "pending", directory.toString())) {
            assertEquals("done", child.finish());
        }
    }

    @Test
    void filesThatGarbageHoldsAreFoundWhenTheyRunOut() throws Exception {
        var command = new ArrayList<>(List.of("sh", "-c", "ulimit -n 200 && exec \"$@\"", "sh"));
        // No collection comes by itself: that of a thousand small objects is not worth one.
        command.addAll(Jvm.command(List.of("-Xmx512m", "-Xms512m"), Child.class, "scarce", directory.toString()));
        try (var child = Jvm.of(command)) {
            assertEquals("done", child.finish());
        }
    }

    @Test
    void everyNativeMethodIsCleanUnderXcheckJni() throws Exception {
        try (var child = Jvm.start(List.of("-Xcheck:jni"), Child.class, "everything", directory.toString())) {
            assertEquals("done", child.finish());
        }
    }
}
