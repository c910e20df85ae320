// What only owners do, who may open their regions, and how long an owner lives.

package dev.zinc.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.zinc.AlreadyExistsException;
import dev.zinc.ClosedException;
import dev.zinc.DType;
import dev.zinc.InvalidArgumentException;
import dev.zinc.NotFoundException;
import dev.zinc.RegionOptions;
import dev.zinc.UnsupportedException;
import dev.zinc.WrongOwnerException;
import java.lang.ref.Reference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class OwnerTest {
    @TempDir(factory = Shm.class)
    Path directory;

    RegionOptions options;

    @BeforeEach
    void here() {
        options = new RegionOptions().directory(directory);
    }

    @Test
    void aRegionThatIsFilledBeforeItIsLinkedIsNeverSeenUnfilled() throws Exception {
        try (var owner = options.unlinked(true).create("r", 8)) {
            assertFalse(owner.isNamed());
            assertThrows(NotFoundException.class, () -> options.open("r"));
            assertTrue(options.list().isEmpty());
            var reader = Threads.start("early", () -> {
                try (var peer = options.timeout(Duration.ofMinutes(1)).open("r")) {
                    return peer.byteBuffer().getLong(0);
                }
            });
            Threads.awaitPolling("early");
            owner.byteBuffer().putLong(0, 42);
            owner.link();
            assertEquals(42, reader.get());
            assertTrue(owner.isNamed());
            owner.link();
            owner.unlink();
            assertFalse(owner.isNamed());
            assertThrows(UnsupportedException.class, owner::link);
        }
    }

    @Test
    void onlyLinkAsksWhetherTheNameIsFree() {
        try (var first = options.create("r", 8); var second = options.unlinked(true).create("r", 8)) {
            assertThrows(AlreadyExistsException.class, second::link);
            first.close();
            second.link();
            assertTrue(second.isNamed());
        }
    }

    @Test
    void anOwnerHearsThatItsFileWasRemoved() throws Exception {
        try (var owner = options.create("r", 8)) {
            assertTrue(owner.isNamed());
            Files.delete(owner.info().path());
            assertFalse(owner.isNamed());
        }
    }

    private static boolean isRoot(Path file) throws Exception {
        return (int) Files.getAttribute(file, "unix:uid") == 0;
    }

    @Test
    void aRegionIsGivenToAGroup() throws Exception {
        int own = (int) Files.getAttribute(directory, "unix:gid");
        int group = isRoot(directory) ? 65_000 : own;
        try (var owner = options.group(group).mode(0660).create("r", 8)) {
            assertEquals(group, Files.getAttribute(owner.info().path(), "unix:gid"));
            assertEquals(0660, (int) Files.getAttribute(owner.info().path(), "unix:mode") & 0777);
        }
        assertThrows(InvalidArgumentException.class, () -> options.group(group).create("r", 8), "0600 tells it nothing");
    }

    @Test
    void aRegionOfAnotherUserIsAcceptedByItsOwnerOrItsGroup() throws Exception {
        assumeTrue(isRoot(directory), "only root can make another user's file");
        try (var owner = options.mode(0660).create("r", 8)) {
            Files.setAttribute(owner.info().path(), "unix:uid", 65_001);
            Files.setAttribute(owner.info().path(), "unix:gid", 65_002);
            assertThrows(WrongOwnerException.class, () -> options.open("r"));
            assertThrows(WrongOwnerException.class, () -> options.acceptOwner(65_002).acceptGroup(65_001).open("r"));
            options.acceptOwner(65_001).open("r").close();
            options.acceptGroup(65_002).open("r").close();
        }
    }

    @Test
    void whatIsWrittenToACopyStaysThere() throws Exception {
        try (var owner = options.create("r", 8192); var copy = options.copyOnWrite(true).open("r")) {
            assertFalse(copy.isReadOnly());
            owner.byteBuffer().put(0, (byte) 1).put(4096, (byte) 1);
            owner.describe(DType.UINT8, 8192);
            var bytes = copy.tensor().byteBuffer();
            bytes.put(0, (byte) 7);
            owner.byteBuffer().put(0, (byte) 2).put(4096, (byte) 2);
            assertEquals(7, bytes.get(0));
            assertEquals(7, copy.byteBuffer().get(0));
            assertEquals(2, bytes.get(4096), "an untouched page goes on showing the region");
            assertEquals(2, owner.byteBuffer().get(0));
            owner.signal();
            assertTrue(copy.await(1000));
        }
    }

    /**
     * Returns when garbage was collected and cleaners have run, which owners of other regions show that were garbage
     * before: several times, since one thing's end can be what makes another garbage.
     */
    static void collect(RegionOptions options, Path directory) throws Exception {
        for (int round = 0; round < 3; round++) {
            options.create("garbage", 8);
            while (Files.exists(directory.resolve("zinc.garbage"))) {
                System.gc();
                Thread.sleep(1);
            }
        }
    }

    /** A view whose owner nobody else has keeps the region, until it is garbage itself. */
    static void keepsItsOwner(RegionOptions options, Path directory, Supplier<Object> make) throws Exception {
        Path file = directory.resolve("zinc.kept");
        Object view = make.get();
        collect(options, directory);
        assertTrue(Files.exists(file), view.getClass() + " does not keep its owner");
        options.open("kept").close();
        Reference.reachabilityFence(view);
        view = null;
        while (Files.exists(file)) {
            System.gc();
            Thread.sleep(1);
        }
    }

    @Test
    void whatShowsTheBytesOfAnOwnerKeepsIt() throws Exception {
        keepsItsOwner(options, directory, () -> options.create("kept", 64).byteBuffer());
        keepsItsOwner(options, directory, () -> options.create("kept", 64).byteBuffer(8, 8).slice().asReadOnlyBuffer());
        keepsItsOwner(options, directory, () -> options.create("kept", 64).byteBuffer().asFloatBuffer());
        keepsItsOwner(options, directory, () -> options.createTensor("kept", DType.INT16, 8).tensor());
        keepsItsOwner(options, directory, () -> options.createTensor("kept", DType.INT16, 8).tensor().shortBuffer());
    }

    @Test
    void aViewThatKeepsItsOwnerDoesNotKeepTheRegionFromBeingClosed() {
        var owner = options.create("r", 64);
        var peer = options.open("r");
        var view = owner.byteBuffer();
        owner.close();
        assertThrows(NotFoundException.class, () -> options.open("r"));
        assertThrows(ClosedException.class, peer::await);
        assertEquals(0, view.get(0));
    }

    @Test
    void aViewOfAPeerKeepsNoOwner() throws Exception {
        var view = options.create("other", 64).duplicate().byteBuffer();
        while (Files.exists(directory.resolve("zinc.other"))) {
            System.gc();
            Thread.sleep(1);
        }
        assertEquals(0, view.get(0));
    }
}
