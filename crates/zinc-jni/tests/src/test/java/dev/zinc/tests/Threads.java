// What the kernel says of this process's threads: the handshake of tests that must not begin before a wait sleeps.

package dev.zinc.tests;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;

/** Threads with a name of the test's own, which the kernel knows by its first 15 letters. */
final class Threads {
    private static final Path TASKS = Path.of("/proc/self/task");

    /** The system call that regions are waited on with, and the JVM never uses: {@code futex_waitv}. */
    private static final String FUTEX_WAITV = "449 ";

    private Threads() {}

    /** Starts work on a thread of that name. */
    static <T> FutureTask<T> start(String name, Callable<T> work) {
        var task = new FutureTask<>(work);
        var thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
        return task;
    }

    /** Returns when that many threads of the name sleep on regions. */
    static void awaitParked(String name, int count) throws Exception {
        while (parked(name) < count) {
            Thread.sleep(1);
        }
    }

    private static int parked(String name) throws IOException {
        int parked = 0;
        for (Path task : tasks(name)) {
            String call = read(task.resolve("syscall"));
            parked += call.startsWith(FUTEX_WAITV) ? 1 : 0;
        }
        return parked;
    }

    /** The processor time that the threads of the name have used, in the kernel's ticks of mostly 10 ms. */
    static long ticks(String name) throws IOException {
        long ticks = 0;
        for (Path task : tasks(name)) {
            String stat = read(task.resolve("stat"));
            String[] fields = stat.substring(stat.lastIndexOf(") ") + 2).split(" ");
            ticks += Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
        }
        return ticks;
    }

    /** How many threads this process has. */
    static int count() throws IOException {
        return tasks("").size();
    }

    private static List<Path> tasks(String name) throws IOException {
        var found = new ArrayList<Path>();
        try (DirectoryStream<Path> tasks = Files.newDirectoryStream(TASKS)) {
            for (Path task : tasks) {
                if (read(task.resolve("comm")).startsWith(name)) {
                    found.add(task);
                }
            }
        }
        return found;
    }

    /** A file under /proc, empty if its thread has gone. */
    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException gone) {
            return "";
        }
    }
}
