// What regions and tensors have on Java 22 and newer only; src/main/java22 has the part for those.

package dev.zinc;

/** Memory of a region. */
abstract class Mapped {
    Mapped() {}

    /** The region that the memory is part of. */
    abstract SharedRegion region();

    /** A native view of it, which the caller must release. */
    abstract long newView();

    /** How much of the region it is, from the first byte on. */
    abstract long byteSize();

    /** Ends the segments that end with the region. */
    void endSegments() {}
}
