// What is known of a region without opening it.

package dev.zinc;

import java.nio.file.Path;
import java.time.Instant;
import java.util.UUID;

/**
 * What is known of a region.
 *
 * @param name its name, as {@link SharedRegion#open(String)} takes it
 * @param path its file
 * @param capacity its size in bytes, as it was asked for
 * @param id random, to tell two regions apart that had one name
 * @param created when it was created, by the wall clock
 * @param ownerPid the process id of its creator, for people to read; it may be gone, or mean another process by now
 * @param state whether somebody owns it, when this was asked
 */
public record RegionInfo(
        String name, Path path, long capacity, UUID id, Instant created, long ownerPid, RegionState state) {
    /** Native code calls this. */
    static RegionInfo of(
            String name,
            String path,
            long capacity,
            long idHigh,
            long idLow,
            long seconds,
            int nanoseconds,
            int ownerPid,
            int state) {
        return new RegionInfo(
                name,
                Path.of(path),
                capacity,
                new UUID(idHigh, idLow),
                Instant.ofEpochSecond(seconds, nanoseconds),
                Integer.toUnsignedLong(ownerPid),
                RegionState.values()[state]);
    }
}
