// Exceptions by kind.

package dev.zinc.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zinc.AlreadyExistsException;
import dev.zinc.DType;
import dev.zinc.ErrorKind;
import dev.zinc.InvalidArgumentException;
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
import org.junit.jupiter.api.function.Executable;
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

    private static void names(String argument, Executable call) {
        assertEquals(argument, assertThrows(NullPointerException.class, call).getMessage());
    }

    @Test
    void aNullIsRefusedByTheNameOfItsArgument() {
        names("name", () -> options.open(null));
        names("name", () -> options.create(null, 1));
        names("name", () -> options.createTensor(null, DType.INT8, 1));
        names("name", () -> options.openOrCreate(null, 1));
        names("name", () -> options.remove(null));
        names("dtype", () -> options.createTensor("t", null, 1));
        names("shape", () -> options.createTensor("t", DType.INT8, (long[]) null));
        names("path", () -> options.directory(null));
        names("timeout", () -> options.timeout(null));
        names("limit", () -> options.spin(null));
        try (var region = options.create("r", 8)) {
            names("timeout", () -> region.await(null));
            names("timeout", () -> region.awaitPast(0, null));
            names("timeout", () -> region.awaitAsync(null));
            names("unit", () -> region.await(1, null));
            names("dtype", () -> region.tensor(null));
            names("dtype", () -> region.describe(null));
            names("shape", () -> region.describe(DType.INT8, (long[]) null));
            names("subscriber", () -> region.notifications().subscribe(null));
        }
    }

    private static void refuses(String said, Executable call) {
        var error = assertThrows(InvalidArgumentException.class, call);
        assertEquals(ErrorKind.INVALID_ARGUMENT, error.kind());
        assertTrue(error.getMessage().contains(said), error.getMessage());
    }

    @Test
    void anArgumentThatMeansNothingIsNamedWithItsValue() {
        refuses("the argument bits is -1", () -> options.mode(-1));
        refuses("the argument id is -1", () -> options.group(-1));
        refuses("the argument id is 4294967296", () -> options.acceptOwner(1L << 32));
        refuses("the argument id is -5", () -> options.acceptGroup(-5));
        refuses("the argument shape is [2, -1]", () -> options.createTensor("t", DType.INT8, 2, -1));
        refuses("600 is 0o1130", () -> options.mode(600).create("r", 8));
        refuses("", () -> options.readOnly(true).copyOnWrite(true).open("r"));
        try (var region = options.create("r", 8)) {
            refuses("the argument milliseconds is -1", () -> region.await(-1));
            refuses("the argument milliseconds is -7", () -> region.awaitAsync(-7));
            refuses("the argument shape is [-1]", () -> region.describe(DType.INT8, -1));
        }
        var size = assertThrows(InvalidSizeException.class, () -> options.openOrCreate("r", -3));
        assertTrue(size.getMessage().contains("the argument capacity is -3"), size.getMessage());
    }

    private static void calls(String operation, Executable call) {
        var error = assertThrows(ZincException.class, call);
        assertEquals(operation, error.operation());
        assertTrue(error.getMessage().startsWith(operation + " \""), error.getMessage());
    }

    @Test
    void errorsCallOperationsAsJavaDoes() {
        calls("openOrCreate", () -> options.openOrCreate("a/b", 1));
        calls("openOrCreate", () -> options.openOrCreate("r", -1));
        calls("createTensor", () -> options.createTensor("a/b", DType.INT8, 1));
        var region = options.create("r", 8);
        region.close();
        calls("signal", region::signal);
        calls("await", region::await);
        calls("await", () -> region.awaitPast(0));
        calls("byteBuffer", region::byteBuffer);
        calls("isNamed", region::isNamed);
        calls("link", region::link);
    }
}
