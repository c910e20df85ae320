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
