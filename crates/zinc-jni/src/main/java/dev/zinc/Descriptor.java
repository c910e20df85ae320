// What the owner says the data is: element type and shape.

package dev.zinc;

import java.util.Arrays;

/** The element type and shape of a region's data, which is row-major from the region's first byte. */
public final class Descriptor {
    private final DType dtype;
    private final long[] shape;

    Descriptor(DType dtype, long[] shape) {
        this.dtype = dtype;
        this.shape = shape;
    }

    /** Native code calls this. */
    static Descriptor of(int dtype, long[] shape) {
        return new Descriptor(DType.of(dtype), shape);
    }

    /**
     * The type of the elements.
     *
     * @return the element type
     */
    public DType dtype() {
        return dtype;
    }

    /**
     * The length of each dimension, outermost first; empty for a single element.
     *
     * @return a copy, at most eight long
     */
    public long[] shape() {
        return shape.clone();
    }

    /**
     * How many elements there are: the product of the shape.
     *
     * @return the number of elements
     */
    public long elements() {
        return Arrays.stream(shape).reduce(1, (product, length) -> product * length);
    }

    /**
     * How many bytes the elements take.
     *
     * @return the number of bytes
     */
    public long byteSize() {
        return elements() * dtype.size();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Descriptor that && dtype == that.dtype && Arrays.equals(shape, that.shape);
    }

    @Override
    public int hashCode() {
        return 31 * dtype.hashCode() + Arrays.hashCode(shape);
    }

    /**
     * Such as {@code float32[640, 480]}.
     *
     * @return the element type and the shape
     */
    @Override
    public String toString() {
        return dtype + Arrays.toString(shape);
    }
}
