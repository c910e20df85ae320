// Tensors as JSON, each element through the typed buffer that has it.

package dev.zinc.testee;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonPrimitive;
import dev.zinc.Tensor;
import java.util.List;

/** Reads and fills tensors. */
final class Values {
    private Values() {}

    private static JsonPrimitive json(Number number) {
        return new JsonPrimitive(number);
    }

    private static JsonArray pair(double real, double imaginary) {
        var pair = new JsonArray();
        pair.add(real);
        pair.add(imaginary);
        return pair;
    }

    /** Every element, row-major. */
    static JsonArray of(Tensor tensor) {
        var values = new JsonArray();
        for (int i = 0; i < tensor.elements(); i++) {
            values.add(get(tensor, i));
        }
        return values;
    }

    private static JsonElement get(Tensor tensor, int i) {
        return switch (tensor.dtype()) {
            case BOOL -> new JsonPrimitive(tensor.byteBuffer().get(i) != 0);
            case INT8 -> json(tensor.byteBuffer().get(i));
            case UINT8 -> json(Byte.toUnsignedInt(tensor.byteBuffer().get(i)));
            case INT16 -> json(tensor.shortBuffer().get(i));
            case UINT16 -> json(Short.toUnsignedInt(tensor.shortBuffer().get(i)));
            case FLOAT16 -> json((double) Float.float16ToFloat(tensor.shortBuffer().get(i)));
            // A bfloat16 is the upper half of a float32.
            case BFLOAT16 -> json((double) Float.intBitsToFloat(tensor.shortBuffer().get(i) << 16));
            case INT32 -> json(tensor.intBuffer().get(i));
            case UINT32 -> json(Integer.toUnsignedLong(tensor.intBuffer().get(i)));
            case INT64 -> new JsonPrimitive(Long.toString(tensor.longBuffer().get(i)));
            case UINT64 -> new JsonPrimitive(Long.toUnsignedString(tensor.longBuffer().get(i)));
            // As a double, which JSON has exactly.
            case FLOAT32 -> json((double) tensor.floatBuffer().get(i));
            case FLOAT64 -> json(tensor.doubleBuffer().get(i));
            case COMPLEX64 -> pair(tensor.floatBuffer().get(2 * i), tensor.floatBuffer().get(2 * i + 1));
            case COMPLEX128 -> pair(tensor.doubleBuffer().get(2 * i), tensor.doubleBuffer().get(2 * i + 1));
        };
    }

    /** Gives every element its value. */
    static void fill(Tensor tensor, JsonArray values) {
        if (values.size() != tensor.elements()) {
            throw new IllegalArgumentException(values.size() + " values for " + tensor);
        }
        List<JsonElement> list = values.asList();
        for (int i = 0; i < list.size(); i++) {
            put(tensor, i, list.get(i));
        }
    }

    private static void put(Tensor tensor, int i, JsonElement value) {
        switch (tensor.dtype()) {
            case BOOL -> tensor.byteBuffer().put(i, (byte) (value.getAsBoolean() ? 1 : 0));
            case INT8, UINT8 -> tensor.byteBuffer().put(i, (byte) value.getAsInt());
            case INT16, UINT16 -> tensor.shortBuffer().put(i, (short) value.getAsInt());
            case FLOAT16 -> tensor.shortBuffer().put(i, Float.floatToFloat16(value.getAsFloat()));
            case BFLOAT16 -> tensor.shortBuffer().put(i, (short) (Float.floatToIntBits(value.getAsFloat()) >> 16));
            case INT32, UINT32 -> tensor.intBuffer().put(i, (int) value.getAsLong());
            case INT64 -> tensor.longBuffer().put(i, Long.parseLong(value.getAsString()));
            case UINT64 -> tensor.longBuffer().put(i, Long.parseUnsignedLong(value.getAsString()));
            case FLOAT32 -> tensor.floatBuffer().put(i, (float) value.getAsDouble());
            case FLOAT64 -> tensor.doubleBuffer().put(i, value.getAsDouble());
            case COMPLEX64 -> tensor.floatBuffer()
                    .put(2 * i, (float) part(value, 0))
                    .put(2 * i + 1, (float) part(value, 1));
            case COMPLEX128 -> tensor.doubleBuffer().put(2 * i, part(value, 0)).put(2 * i + 1, part(value, 1));
        }
    }

    private static double part(JsonElement value, int part) {
        return value.getAsJsonArray().get(part).getAsDouble();
    }
}
