// Memory segments, which the jar has on Java 22 and newer.

package dev.zinc.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zinc.ClosedException;
import dev.zinc.DType;
import dev.zinc.RegionOptions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class SegmentJava22Test {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

    @TempDir(factory = Shm.class)
    Path directory;

    RegionOptions options;

    @BeforeEach
    void here() {
        options = new RegionOptions().directory(directory);
    }

    @Test
    void aRegionOfFiveGibibytesIsReachedAtBothEndsByOneSegment() {
        long size = 5L << 30;
        try (var owner = options.sparse(true).create("large", size); var peer = options.open("large")) {
            MemorySegment all = owner.segment();
            assertEquals(size, all.byteSize());
            all.set(LONG, 0, 11);
            all.set(LONG, size - 8, 22);
            assertEquals(11, peer.segment().get(LONG, 0));
            assertEquals(22, peer.segment().get(LONG, size - 8));
            assertEquals(22, peer.byteBuffer(size - 8, 8).getLong(0));
            assertThrows(IndexOutOfBoundsException.class, () -> all.get(BYTE, size));
        }
    }

    @Test
    void accessAfterCloseThrows() {
        var region = options.create("r", 100);
        MemorySegment segment = region.segment();
        MemorySegment slice = segment.asSlice(10, 10);
        segment.set(BYTE, 0, (byte) 1);
        region.close();
        assertThrows(IllegalStateException.class, () -> segment.get(BYTE, 0));
        assertThrows(IllegalStateException.class, () -> slice.get(BYTE, 0));
        assertThrows(ClosedException.class, region::segment);
        assertThrows(ClosedException.class, () -> region.segment(Arena.global()));
    }

    @Test
    void aSegmentOfAnOwnerKeepsIt() throws Exception {
        OwnerTest.keepsItsOwner(options, directory, () -> options.create("kept", 64).segment());
        OwnerTest.keepsItsOwner(options, directory, () -> options.create("kept", 64).segment().asSlice(8).asByteBuffer());
        OwnerTest.keepsItsOwner(
                options, directory, () -> options.createTensor("kept", DType.INT8, 8).tensor().segment());
        OwnerTest.keepsItsOwner(options, directory, () -> options.create("kept", 64).segment(Arena.ofAuto()));
        try (var arena = Arena.ofConfined()) {
            options.create("arena", 64).segment(arena);
            OwnerTest.collect(options, directory);
            options.open("arena").close();
        }
        var forEver = options.create("global", 64).segment(Arena.global());
        OwnerTest.collect(options, directory);
        options.open("global").close();
        assertEquals(0, forEver.get(BYTE, 0));
    }

    @Test
    void aSegmentThatNobodyClosedIsUnmappedWhenItIsGarbage() throws Exception {
        try (var owner = options.create("unmapped", 1 << 20)) {
            long before = mappings("unmapped");
            var segment = options.open("unmapped").segment();
            assertEquals(0, segment.get(BYTE, 0));
            segment = null;
            while (mappings("unmapped") > before) {
                System.gc();
                Thread.sleep(1);
            }
            assertEquals(before, mappings("unmapped"), "the owner's");
            assertEquals(1 << 20, owner.capacity());
        }
    }

    private long mappings(String name) throws Exception {
        try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(line -> line.contains(directory.resolve("zinc." + name).toString())).count();
        }
    }

    @Test
    void aSegmentOfAnotherArenaOutlivesItsHandle() {
        MemorySegment segment;
        try (Arena arena = Arena.ofConfined()) {
            try (var region = options.create("r", 100)) {
                segment = region.segment(arena);
                segment.set(BYTE, 99, (byte) 7);
            }
            assertEquals(7, segment.get(BYTE, 99));
        }
        assertThrows(IllegalStateException.class, () -> segment.get(BYTE, 99));
        try (var region = options.create("r", 100)) {
            Arena ended = Arena.ofConfined();
            ended.close();
            assertThrows(IllegalStateException.class, () -> region.segment(ended));
        }
    }

    @Test
    void closingWhileOtherThreadsReadEndsThemWithAnException() throws Exception {
        for (int round = 0; round < 20; round++) {
            var region = options.create("r", 1 << 20);
            MemorySegment segment = region.segment();
            var reading = new CountDownLatch(4);
            var readers = new ArrayList<FutureTask<Object>>();
            for (int i = 0; i < 4; i++) {
                readers.add(Threads.start("reader", () -> {
                    for (long sum = 0; ; reading.countDown()) {
                        for (long at = 0; at < segment.byteSize(); at += 64) {
                            sum += segment.get(BYTE, at);
                        }
                    }
                }));
            }
            reading.await();
            region.close();
            for (var reader : readers) {
                Throwable failure = assertThrows(ExecutionException.class, reader::get).getCause();
                assertInstanceOf(IllegalStateException.class, failure);
            }
        }
    }

    @Test
    void aReadOnlyHandleGivesReadOnlySegments() {
        try (var owner = options.create("r", 100); var reader = options.readOnly(true).open("r")) {
            assertTrue(reader.segment().isReadOnly());
            assertThrows(IllegalArgumentException.class, () -> reader.segment().set(BYTE, 0, (byte) 1));
            owner.segment().set(BYTE, 0, (byte) 1);
            assertEquals(1, reader.segment().get(BYTE, 0));
        }
    }

    @Test
    void aTensorIsTheSegmentOfItsElements() {
        try (var region = options.create("r", 100)) {
            region.describe(DType.FLOAT64, 3);
            var tensor = region.tensor();
            assertEquals(24, tensor.segment().byteSize());
            tensor.segment().setAtIndex(ValueLayout.JAVA_DOUBLE, 2, 2.5);
            assertEquals(2.5, tensor.doubleBuffer().get(2));
            try (Arena arena = Arena.ofShared()) {
                region.close();
                assertEquals(2.5, tensor.segment(arena).getAtIndex(ValueLayout.JAVA_DOUBLE, 2));
            }
        }
    }
}
