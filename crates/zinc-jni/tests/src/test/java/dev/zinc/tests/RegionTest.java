// Handles and bytes.

package dev.zinc.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zinc.ClosedException;
import dev.zinc.NotFoundException;
import dev.zinc.OwnedRegion;
import dev.zinc.PermissionDeniedException;
import dev.zinc.RegionOptions;
import dev.zinc.RegionState;
import dev.zinc.SharedRegion;
import dev.zinc.UnsupportedException;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ReadOnlyBufferException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class RegionTest {
    @TempDir(factory = Shm.class)
    Path directory;

    RegionOptions options;

    @BeforeEach
    void here() {
        options = new RegionOptions().directory(directory);
    }

    @Test
    void bytesAreSharedBothWaysInLittleEndianOrder() {
        try (var owner = options.create("r", 100); var peer = options.open("r")) {
            owner.byteBuffer().putFloat(0, 1.5f).putInt(96, 0x01020304);
            assertEquals(1.5f, peer.byteBuffer().getFloat(0));
            assertEquals(4, peer.byteBuffer().get(96));
            peer.byteBuffer(50, 10).put(9, (byte) 7);
            assertEquals(7, owner.byteBuffer().get(59));
            assertEquals(ByteOrder.LITTLE_ENDIAN, peer.byteBuffer(3, 4).order());
            assertTrue(peer.byteBuffer().isDirect());
        }
    }

    @Test
    void aWindowIsInsideItsRegion() {
        try (var region = options.create("r", 100)) {
            assertEquals(100, region.byteBuffer(0, 100).capacity());
            assertEquals(0, region.byteBuffer(100, 0).capacity());
            assertThrows(IndexOutOfBoundsException.class, () -> region.byteBuffer(1, 100));
            assertThrows(IndexOutOfBoundsException.class, () -> region.byteBuffer(-1, 1));
            assertThrows(IndexOutOfBoundsException.class, () -> region.byteBuffer(0, -1));
            assertThrows(IndexOutOfBoundsException.class, () -> region.byteBuffer(Long.MAX_VALUE, 1));
        }
    }

    @Test
    void aRegionOfFiveGibibytesIsReachedAtBothEndsByWindows() {
        long size = 5L << 30;
        try (var owner = options.sparse(true).create("large", size); var peer = options.open("large")) {
            assertEquals(size, peer.capacity());
            owner.byteBuffer(0, 8).putLong(0, 11);
            owner.byteBuffer(size - 8, 8).putLong(0, 22);
            // The largest windows, one at each end.
            var low = peer.byteBuffer(0, Integer.MAX_VALUE);
            var high = peer.byteBuffer(size - Integer.MAX_VALUE, Integer.MAX_VALUE);
            assertEquals(11, low.getLong(0));
            assertEquals(22, high.getLong(Integer.MAX_VALUE - 8));
            var refused = assertThrows(UnsupportedException.class, peer::byteBuffer);
            assertTrue(refused.getMessage().contains("byteBuffer(offset, length)"), refused.getMessage());
        }
    }

    @Test
    void buffersOutliveHandlesAndOwners() {
        var owner = options.create("r", 1 << 20);
        var peer = options.open("r");
        ByteBuffer ofOwner = owner.byteBuffer();
        ByteBuffer ofPeer = peer.byteBuffer(1 << 19, 16).slice(8, 8);
        owner.close();
        peer.close();
        ofOwner.put((1 << 19) + 8, (byte) 5);
        assertEquals(5, ofPeer.get(0));
    }

    @Test
    void memoryIsGivenBackWhenTheLastBufferIsGarbage() throws Exception {
        var region = options.create("r", 1 << 20);
        var whole = new WeakReference<>(region.byteBuffer());
        ByteBuffer derived = whole.get().slice(4096, 16).asReadOnlyBuffer();
        region.close();
        for (int round = 0; round < 10; round++) {
            System.gc();
        }
        assertEquals(0, derived.get(0));
        assertTrue(isMapped());
        derived = null;
        while (isMapped()) {
            System.gc();
            Thread.sleep(1);
        }
    }

    /** Whether this process maps a file of the test's directory. */
    private boolean isMapped() throws Exception {
        try (var mappings = Files.lines(Path.of("/proc/self/maps"))) {
            return mappings.anyMatch(mapping -> mapping.contains(directory.toString()));
        }
    }

    @Test
    void closingTwiceIsFineAndUseAfterCloseIsAnError() {
        var region = options.create("r", 100);
        region.close();
        region.close();
        assertTrue(region.isClosed());
        assertThrows(ClosedException.class, region::byteBuffer);
        assertThrows(ClosedException.class, region::signal);
        assertThrows(ClosedException.class, () -> region.await(0));
        assertThrows(ClosedException.class, region::sequence);
        assertThrows(ClosedException.class, region::descriptor);
        assertThrows(ClosedException.class, region::tensor);
        assertThrows(ClosedException.class, region::unlink);
        assertThrows(ClosedException.class, region::persist);
        assertTrue(region.duplicate().isClosed());
        assertEquals("OwnedRegion(\"r\", 100 bytes, closed)", region.toString());
    }

    @Test
    void anOwnerThatIsGarbageEndsItsRegion() throws Exception {
        options.create("r", 100);
        while (Files.exists(directory.resolve("zinc.r"))) {
            System.gc();
            Thread.sleep(1);
        }
    }

    @Test
    void aReadOnlyHandleGivesReadOnlyBuffers() throws Exception {
        try (var owner = options.create("r", 100); var reader = options.readOnly(true).open("r")) {
            assertTrue(reader.isReadOnly());
            assertFalse(owner.isReadOnly());
            assertThrows(ReadOnlyBufferException.class, () -> reader.byteBuffer().put(0, (byte) 1));
            owner.byteBuffer().put(0, (byte) 1);
            owner.signal();
            assertTrue(reader.await(1000));
            assertEquals(1, reader.byteBuffer().get(0));
        }
    }

    @Test
    void ownersAndPeersAreTwoTypes() {
        try (var first = options.openOrCreate("r", 100); var second = options.openOrCreate("r", 10)) {
            assertInstanceOf(OwnedRegion.class, first);
            assertEquals(SharedRegion.class, second.getClass());
            assertEquals(SharedRegion.class, first.duplicate().getClass());
        }
        assertThrows(NotFoundException.class, () -> options.open("r"));
    }

    @Test
    void unlinkTakesTheNameAndLeavesTheRegion() throws Exception {
        try (var owner = options.create("r", 100); var peer = options.open("r")) {
            owner.unlink();
            assertThrows(NotFoundException.class, () -> options.open("r"));
            owner.signal();
            assertTrue(peer.await(1000));
        }
    }

    @Test
    void listSaysWhatThereIsAndRemoveTakesWhatPersists() {
        try (var owner = options.create("b", 100); var other = options.create("a", 10)) {
            other.persist();
            other.close();
            var list = options.list();
            assertEquals(2, list.size());
            assertEquals("a", list.get(0).name());
            assertEquals(RegionState.PERSISTENT, list.get(0).state());
            assertEquals(RegionState.OWNED, list.get(1).state());
            assertEquals(owner.info().id(), list.get(1).id());
            assertEquals(ProcessHandle.current().pid(), list.get(1).ownerPid());
            assertEquals(directory.resolve("zinc.b"), list.get(1).path());
            assertTrue(Duration.between(list.get(1).created(), java.time.Instant.now()).toMinutes() < 10);
            assertThrows(PermissionDeniedException.class, () -> options.remove("b"));
            options.remove("a");
            assertEquals(1, options.list().size());
        }
    }

    @Test
    void openWaitsForARegionToAppear() throws Exception {
        var opened = Threads.start("opener", () -> options.timeout(Duration.ofMinutes(1)).open("late"));
        try (var owner = options.create("late", 100)) {
            opened.get().close();
            assertFalse(owner.isClosed());
            // The default directory has no such name: these are the shortcut's other words for the same.
            String none = "zinc-java-" + owner.info().id();
            assertThrows(NotFoundException.class, () -> SharedRegion.open(none, Duration.ofMillis(20)));
            assertThrows(NotFoundException.class, () -> SharedRegion.open(none, Duration.ofHours(-1)));
        }
        assertThrows(NotFoundException.class, () -> options.timeout(Duration.ofMillis(20)).open("never"));
    }

    @Test
    void theVersionIsThatOfTheJar() {
        assertEquals("0.1.0", SharedRegion.version());
    }
}
