// The end of buffers that nobody can reach: they keep regions open until they are collected.

package dev.zinc.testee;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Set;

/** Makes sure that closed regions are given back, as the runner looks for. */
final class Garbage {
    private static final Path OPEN_FILES = Path.of("/proc/self/fd");

    private Garbage() {}

    /** Collects until this process has no file open in these directories; cleaners see to that after a collection. */
    static void collect(Set<Path> directories) throws IOException {
        for (int round = 0; round < 1000 && hasOpenFile(directories); round++) {
            System.gc();
            Thread.yield();
        }
    }

    private static boolean hasOpenFile(Set<Path> directories) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(OPEN_FILES)) {
            for (Path file : files) {
                Path target = target(file);
                if (directories.stream().anyMatch(target::startsWith)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static Path target(Path file) throws IOException {
        try {
            return Files.readSymbolicLink(file);
        } catch (NoSuchFileException closed) {
            return file;
        }
    }
}
