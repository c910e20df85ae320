// The described data of a region, as typed buffers.

package dev.zinc;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * A region's data as the elements that its {@linkplain Descriptor description} says, row-major: in place, not a copy.
 * It stays valid when the region is closed and when its owner is gone. One that was taken from the owner keeps the
 * region as buffers do, see {@link SharedRegion#byteBuffer()}.
 *
 * <p>Which buffer has the elements of which type:
 *
 * <table>
 * <caption>Buffers and element types</caption>
 * <tr><th>buffer</th><th>element types</th></tr>
 * <tr><td>{@link #byteBuffer()}</td><td>all, as bytes; {@code bool}, {@code int8}, {@code uint8} a byte each</td></tr>
 * <tr><td>{@link #shortBuffer()}</td>
 *     <td>{@code int16}, {@code uint16}; {@code float16}, {@code bfloat16} as their bits</td></tr>
 * <tr><td>{@link #intBuffer()}</td><td>{@code int32}, {@code uint32}</td></tr>
 * <tr><td>{@link #longBuffer()}</td><td>{@code int64}, {@code uint64}</td></tr>
 * <tr><td>{@link #floatBuffer()}</td><td>{@code float32}; {@code complex64}, two floats each</td></tr>
 * <tr><td>{@link #doubleBuffer()}</td><td>{@code float64}; {@code complex128}, two doubles each</td></tr>
 * </table>
 *
 * <p>A buffer holds at most 2 GiB. Of a larger tensor, the methods that take a first element and a count give a part;
 * on Java 22 and newer, {@code segment()} gives all of it.
 */
public final class Tensor extends Mapped {
    private static final List<DType> SHORTS = List.of(DType.INT16, DType.UINT16, DType.FLOAT16, DType.BFLOAT16);
    private static final List<DType> INTS = List.of(DType.INT32, DType.UINT32);
    private static final List<DType> LONGS = List.of(DType.INT64, DType.UINT64);
    private static final List<DType> FLOATS = List.of(DType.FLOAT32, DType.COMPLEX64);
    private static final List<DType> DOUBLES = List.of(DType.FLOAT64, DType.COMPLEX128);
    private static final List<DType> ALL = List.of(DType.values());

    private final SharedRegion region;
    private final Descriptor descriptor;
    private final long view;

    Tensor(SharedRegion region, Descriptor descriptor, long view) {
        this.region = region;
        this.descriptor = descriptor;
        this.view = view;
        Held.untilGarbage(this, () -> Native.releaseView(view));
    }

    @Override
    SharedRegion region() {
        return region;
    }

    @Override
    long newView() {
        try {
            return Native.cloneView(view);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * The type of the elements.
     *
     * @return the element type
     */
    public DType dtype() {
        return descriptor.dtype();
    }

    /**
     * The length of each dimension, outermost first; empty for a single element.
     *
     * @return a copy, at most eight long
     */
    public long[] shape() {
        return descriptor.shape();
    }

    /**
     * How many elements there are: the product of the shape.
     *
     * @return the number of elements
     */
    public long elements() {
        return descriptor.elements();
    }

    /**
     * How many bytes the elements take.
     *
     * @return the number of bytes
     */
    @Override
    public long byteSize() {
        return descriptor.byteSize();
    }

    /**
     * Whether the elements can only be read.
     *
     * @return whether buffers are read-only
     */
    public boolean isReadOnly() {
        return region.isReadOnly();
    }

    /**
     * All elements as bytes, whatever their type.
     *
     * @return a direct buffer in little-endian order
     * @throws UnsupportedException if they are more than a buffer can hold
     */
    public ByteBuffer byteBuffer() {
        return all("byteBuffer", ALL);
    }

    /**
     * Some elements as bytes, whatever their type.
     *
     * @param first the first element
     * @param count how many elements
     * @return a direct buffer in little-endian order
     * @throws IndexOutOfBoundsException if there are no such elements
     * @throws UnsupportedException if they are more than a buffer can hold
     */
    public ByteBuffer byteBuffer(long first, long count) {
        return some("byteBuffer", ALL, first, count);
    }

    /**
     * All elements, of 16 bits each.
     *
     * @return a direct buffer
     * @throws DescriptorException if the elements are of other types
     * @throws UnsupportedException if they are more than a buffer can hold
     */
    public ShortBuffer shortBuffer() {
        return all("shortBuffer", SHORTS).asShortBuffer();
    }

    /**
     * Some elements, of 16 bits each.
     *
     * @param first the first element
     * @param count how many elements
     * @return a direct buffer
     * @throws DescriptorException if the elements are of other types
     * @throws IndexOutOfBoundsException if there are no such elements
     * @throws UnsupportedException if they are more than a buffer can hold
     */
    public ShortBuffer shortBuffer(long first, long count) {
        return some("shortBuffer", SHORTS, first, count).asShortBuffer();
    }

    /**
     * All elements, integers of 32 bits each.
     *
     * @return a direct buffer
     * @throws DescriptorException if the elements are of other types
     * @throws UnsupportedException if they are more than a buffer can hold
     */
    public IntBuffer intBuffer() {
        return all("intBuffer", INTS).asIntBuffer();
    }

    /**
     * Some elements, integers of 32 bits each.
     *
     * @param first the first element
     * @param count how many elements
     * @return a direct buffer
     * @throws DescriptorException if the elements are of other types
     * @throws IndexOutOfBoundsException if there are no such elements
     * @throws UnsupportedException if they are more than a buffer can hold
     */
    public IntBuffer intBuffer(long first, long count) {
        return some("intBuffer", INTS, first, count).asIntBuffer();
    }

    /**
     * All elements, integers of 64 bits each.
     *
     * @return a direct buffer
     * @throws DescriptorException if the elements are of other types
     * @throws UnsupportedException if they are more than a buffer can hold
     */
    public LongBuffer longBuffer() {
        return all("longBuffer", LONGS).asLongBuffer();
    }

    /**
     * Some elements, integers of 64 bits each.
     *
     * @param first the first element
     * @param count how many elements
     * @return a direct buffer
     * @throws DescriptorException if the elements are of other types
     * @throws IndexOutOfBoundsException if there are no such elements
     * @throws UnsupportedException if they are more than a buffer can hold
     */
    public LongBuffer longBuffer(long first, long count) {
        return some("longBuffer", LONGS, first, count).asLongBuffer();
    }

    /**
     * All elements, of floats.
     *
     * @return a direct buffer
     * @throws DescriptorException if the elements are of other types
     * @throws UnsupportedException if they are more than a buffer can hold
     */
    public FloatBuffer floatBuffer() {
        return all("floatBuffer", FLOATS).asFloatBuffer();
    }

    /**
     * Some elements, of floats.
     *
     * @param first the first element
     * @param count how many elements
     * @return a direct buffer
     * @throws DescriptorException if the elements are of other types
     * @throws IndexOutOfBoundsException if there are no such elements
     * @throws UnsupportedException if they are more than a buffer can hold
     */
    public FloatBuffer floatBuffer(long first, long count) {
        return some("floatBuffer", FLOATS, first, count).asFloatBuffer();
    }

    /**
     * All elements, of doubles.
     *
     * @return a direct buffer
     * @throws DescriptorException if the elements are of other types
     * @throws UnsupportedException if they are more than a buffer can hold
     */
    public DoubleBuffer doubleBuffer() {
        return all("doubleBuffer", DOUBLES).asDoubleBuffer();
    }

    /**
     * Some elements, of doubles.
     *
     * @param first the first element
     * @param count how many elements
     * @return a direct buffer
     * @throws DescriptorException if the elements are of other types
     * @throws IndexOutOfBoundsException if there are no such elements
     * @throws UnsupportedException if they are more than a buffer can hold
     */
    public DoubleBuffer doubleBuffer(long first, long count) {
        return some("doubleBuffer", DOUBLES, first, count).asDoubleBuffer();
    }

    private ByteBuffer all(String operation, List<DType> allowed) {
        return some(operation, allowed, 0, elements());
    }

    private ByteBuffer some(String operation, List<DType> allowed, long first, long count) {
        if (!allowed.contains(dtype())) {
            var why = "the region contains " + descriptor + "; a buffer of this kind holds " + allowed;
            throw new DescriptorException(ZincException.Details.of(operation, region.name(), why));
        }
        java.util.Objects.checkFromIndexSize(first, count, elements());
        long size = dtype().size();
        if (count > Integer.MAX_VALUE / size) {
            var why = count + " elements of " + dtype() + " are more than the " + Integer.MAX_VALUE
                    + " bytes that a buffer holds; take them in parts, or on Java 22 by segment()";
            throw new UnsupportedException(ZincException.Details.of(operation, region.name(), why));
        }
        return Memory.buffer(region, newView(), first * size, (int) (count * size));
    }

    /**
     * Such as {@code Tensor(float32[640, 480])}.
     *
     * @return the description
     */
    @Override
    public String toString() {
        return "Tensor(" + dtype() + Arrays.toString(shape()) + ")";
    }
}
