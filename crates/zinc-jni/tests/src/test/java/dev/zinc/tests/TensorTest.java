// Described data and typed buffers.

package dev.zinc.tests;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zinc.DType;
import dev.zinc.DescriptorException;
import dev.zinc.InvalidArgumentException;
import dev.zinc.RegionOptions;
import dev.zinc.Tensor;
import dev.zinc.UnsupportedException;
import java.nio.Buffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(120)
class TensorTest {
    private static final Map<String, Function<Tensor, Buffer>> BUFFERS = Map.of(
            "short", Tensor::shortBuffer,
            "int", Tensor::intBuffer,
            "long", Tensor::longBuffer,
            "float", Tensor::floatBuffer,
            "double", Tensor::doubleBuffer);

    @TempDir(factory = Shm.class)
    Path directory;

    RegionOptions options;

    @BeforeEach
    void here() {
        options = new RegionOptions().directory(directory);
    }

    @Test
    void aReaderNeedsToBeToldNothing() {
        try (var owner = options.createTensor("t", DType.FLOAT32, 3, 4); var reader = options.open("t")) {
            owner.tensor().floatBuffer().put(11, 2.5f);
            Tensor tensor = reader.tensor();
            assertEquals(DType.FLOAT32, tensor.dtype());
            assertArrayEquals(new long[] {3, 4}, tensor.shape());
            assertEquals(12, tensor.elements());
            assertEquals(48, tensor.byteSize());
            assertEquals(2.5f, tensor.floatBuffer().get(11));
            assertEquals(2.5f, tensor.floatBuffer(10, 2).get(1));
            assertEquals("float32[3, 4]", reader.descriptor().orElseThrow().toString());
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyElementTypeHasItsBufferAndNoOther(DType dtype) {
        String own = switch (dtype) {
            case BOOL, INT8, UINT8 -> "byte";
            case INT16, UINT16, FLOAT16, BFLOAT16 -> "short";
            case INT32, UINT32 -> "int";
            case INT64, UINT64 -> "long";
            case FLOAT32, COMPLEX64 -> "float";
            case FLOAT64, COMPLEX128 -> "double";
        };
        try (var region = options.createTensor("t", dtype, 5)) {
            Tensor tensor = region.tensor(dtype);
            assertEquals(5 * dtype.size(), tensor.byteBuffer().capacity());
            assertEquals(2 * dtype.size(), tensor.byteBuffer(3, 2).capacity());
            boolean complex = dtype.toString().startsWith("complex");
            BUFFERS.forEach((kind, buffer) -> {
                if (kind.equals(own)) {
                    assertEquals(complex ? 10 : 5, buffer.apply(tensor).capacity());
                } else {
                    assertThrows(DescriptorException.class, () -> buffer.apply(tensor), kind);
                }
            });
            assertEquals(dtype, DType.named(dtype.toString()).orElseThrow());
        }
    }

    @Test
    void aTensorOfMoreThanABufferHoldsIsReachedInParts() {
        long rows = (3L << 30) / 4;
        try (var region = options.sparse(true).createTensor("t", DType.INT32, rows)) {
            Tensor tensor = region.tensor();
            tensor.intBuffer(rows - 1, 1).put(0, 7);
            assertEquals(7, tensor.intBuffer(rows - 100, 100).get(99));
            assertThrows(UnsupportedException.class, tensor::intBuffer);
            assertThrows(IndexOutOfBoundsException.class, () -> tensor.intBuffer(rows, 1));
        }
    }

    @Test
    void tensorsOutliveHandlesAndOwners() {
        Tensor tensor;
        try (var owner = options.createTensor("t", DType.INT64, 2)) {
            owner.tensor().longBuffer().put(1, -5);
            tensor = owner.tensor();
        }
        assertEquals(-5, tensor.longBuffer().get(1));
    }

    @Test
    void whatIsNotDescribedSoIsRefused() {
        try (var region = options.create("t", 100)) {
            assertTrue(region.descriptor().isEmpty());
            assertThrows(DescriptorException.class, region::tensor);
            region.describe(DType.UINT8, 10, 10);
            assertThrows(DescriptorException.class, () -> region.tensor(DType.INT8));
            assertThrows(DescriptorException.class, () -> region.describe(DType.FLOAT64, 13));
            assertThrows(InvalidArgumentException.class, () -> region.describe(DType.FLOAT64, -1));
            region.describe(DType.FLOAT64);
            assertEquals(1, region.tensor().elements());
        }
    }
}
