// The base of every exception that Zinc throws.

package dev.zinc;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Why a call of Zinc failed. Each {@linkplain ErrorKind kind} has a subclass, so that programs can catch what they
 * expect.
 *
 * <p>The message names the operation, the region, and what to do next.
 */
public abstract sealed class ZincException extends RuntimeException
        permits
        // <<< Made by `cargo xtask generate` from crates/zinc/spec: kinds.
                InvalidNameException,
                InvalidSizeException,
                AlreadyExistsException,
                NotFoundException,
                PermissionDeniedException,
                WrongOwnerException,
                NoSpaceException,
                NotARegionException,
                VersionMismatchException,
                DescriptorException,
                ClosedException,
                OwnerDiedException,
                WaitInterruptedException,
                UnsupportedException,
                SystemCallException,
                InvalidArgumentException,
                InternalException
        // >>>
        {
    private static final long serialVersionUID = 1;

    /** The kind. */
    private final ErrorKind kind;

    /** What was attempted. */
    private final String operation;

    /** The region's name, or null. */
    private final String region;

    /** The system's error number, or 0. */
    private final int osError;

    /** The bytes that had to be reserved, or -1. */
    private final long needed;

    /** The bytes that were free, or -1. */
    private final long free;

    /** All that is known of a failure but its kind; what is not known is null, 0, -1 and -1. */
    record Details(String message, String operation, String region, int osError, long needed, long free) {
        /** A failure that only this package can meet, worded as the core words its own; the region may be null. */
        static Details of(String operation, String region, String why) {
            String where = region == null ? operation : operation + " \"" + region + "\"";
            return new Details(where + ": " + why, operation, region, 0, -1, -1);
        }
    }

    ZincException(ErrorKind kind, Details details) {
        super(details.message);
        this.kind = kind;
        operation = details.operation;
        region = details.region;
        osError = details.osError;
        needed = details.needed;
        free = details.free;
    }

    /**
     * What went wrong, for programs that would rather switch than catch.
     *
     * @return the kind
     */
    public final ErrorKind kind() {
        return kind;
    }

    /**
     * The kind's code, the same in every language.
     *
     * @return the code, negative
     */
    public final int code() {
        return kind.code();
    }

    /**
     * What was attempted.
     *
     * @return the operation, such as {@code open}
     */
    public final String operation() {
        return operation;
    }

    /**
     * The name of the region concerned.
     *
     * @return the name, or nothing if no region is concerned
     */
    public final Optional<String> region() {
        return Optional.ofNullable(region);
    }

    /**
     * The operating system's error number.
     *
     * @return the number, or nothing if the system gave none
     */
    public final OptionalInt osError() {
        return osError == 0 ? OptionalInt.empty() : OptionalInt.of(osError);
    }

    /**
     * The bytes that had to be reserved, where that failed.
     *
     * @return the bytes, or nothing if something else failed
     */
    public final OptionalLong needed() {
        return needed < 0 ? OptionalLong.empty() : OptionalLong.of(needed);
    }

    /**
     * The bytes that were free at that time.
     *
     * @return the bytes, or nothing if something else failed
     */
    public final OptionalLong free() {
        return free < 0 ? OptionalLong.empty() : OptionalLong.of(free);
    }
}
