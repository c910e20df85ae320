// The end of buffers that nobody can reach: they keep regions mapped until they are collected.

package dev.zinc.testee;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/** Makes sure that the memory of closed regions is given back, as the runner checks. */
final class Garbage {
    private static final Path MAPPINGS = Path.of("/proc/self/maps");

    private Garbage() {}

    /** Collects until this process maps no file of these directories; cleaners unmap after a collection. */
    static void collect(Set<Path> directories) throws IOException {
        for (int round = 0; round < 1000 && maps(directories); round++) {
            System.gc();
            Thread.yield();
        }
    }

    private static boolean maps(Set<Path> directories) throws IOException {
        try (var mappings = Files.lines(MAPPINGS, StandardCharsets.ISO_8859_1)) {
            return mappings.anyMatch(mapping -> directories.stream().anyMatch(folder -> mapping.contains(folder + "/")));
        }
    }
}
