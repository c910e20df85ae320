// The end of buffers that nobody can reach: they keep regions mapped until they are collected.

package dev.zinc.testee;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Makes sure that closed regions are given back, as the runner looks for. */
final class Garbage {
    private static final Path MAPS = Path.of("/proc/self/maps");

    private Garbage() {}

    /** Collects until this process maps no region, which cleaners see to after each collection. */
    static void collect() throws IOException {
        for (int round = 0; round < 1000 && mapsRegion(); round++) {
            System.gc();
            Thread.yield();
        }
    }

    private static boolean mapsRegion() throws IOException {
        try (var lines = Files.lines(MAPS, StandardCharsets.ISO_8859_1)) {
            return lines.anyMatch(line -> line.contains("/zinc."));
        }
    }
}
