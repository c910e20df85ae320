// Exceptions by kind.

package dev.zinc.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zinc.AlreadyExistsException;
import dev.zinc.ErrorKind;
import dev.zinc.InvalidNameException;
import dev.zinc.InvalidSizeException;
import dev.zinc.NoSpaceException;
import dev.zinc.NotARegionException;
import dev.zinc.NotFoundException;
import dev.zinc.RegionOptions;
import dev.zinc.ZincException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class ErrorsTest {
    @TempDir(factory = Shm.class)
    Path directory;

    RegionOptions options;

    @BeforeEach
    void here() {
        options = new RegionOptions().directory(directory);
    }

    @Test
    void anErrorNamesTheOperationTheRegionAndTheWayOut() {
        ZincException error = assertThrows(NotFoundException.class, () -> options.open("none"));
        assertEquals(ErrorKind.NOT_FOUND, error.kind());
        assertEquals(-4, error.code());
        assertEquals("NotFound", error.kind().toString());
        assertEquals("open", error.operation());
        assertEquals("none", error.region().orElseThrow());
        assertTrue(error.getMessage().startsWith("open \"none\": "), error.getMessage());
        assertTrue(error.needed().isEmpty() && error.free().isEmpty());
    }

    @Test
    void eachKindHasItsClass() throws Exception {
        assertThrows(InvalidNameException.class, () -> options.create("a/b", 1));
        assertThrows(InvalidNameException.class, () -> options.open("\u0000\ud83d\ude00"));
        assertThrows(InvalidSizeException.class, () -> options.create("r", 0));
        assertThrows(InvalidSizeException.class, () -> options.create("r", -1));
        assertThrows(InvalidSizeException.class, () -> options.create("r", Long.MAX_VALUE));
        try (var region = options.create("r", 10)) {
            assertThrows(AlreadyExistsException.class, () -> options.create(region.name(), 10));
        }
        Files.writeString(directory.resolve("zinc.text"), "no region");
        assertThrows(NotARegionException.class, () -> options.open("text"));
    }

    @Test
    void aRegionThatDoesNotFitSaysByHowMuch() {
        long size = 1L << 45;
        var error = assertThrows(NoSpaceException.class, () -> options.create("huge", size));
        assertTrue(error.needed().orElseThrow() >= size);
        assertTrue(error.free().orElseThrow() < size);
        assertTrue(options.list().isEmpty());
    }

    @Test
    void codesAreDistinctAndNegative() {
        var codes = Arrays.stream(ErrorKind.values()).mapToInt(ErrorKind::code).distinct();
        assertEquals(ErrorKind.values().length, codes.filter(code -> code < 0).count());
    }

    @Test
    void nullIsRefusedInJavaAndNotInNativeCode() {
        assertThrows(NullPointerException.class, () -> options.open(null));
        assertThrows(NullPointerException.class, () -> options.create(null, 1));
        assertThrows(NullPointerException.class, () -> options.createTensor("t", null, 1));
        assertThrows(NullPointerException.class, () -> options.createTensor("t", dev.zinc.DType.INT8, (long[]) null));
        assertThrows(NullPointerException.class, () -> options.directory(null));
    }
}
