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
import java.util.regex.Pattern;

/** Threads with a name of the test's own, which the kernel knows by its first 15 letters. */
final class Threads {
    private static final Path TASKS = Path.of("/proc/self/task");

    /**
     * How regions are waited on, and the JVM never waits: {@code futex} on memory that processes share, by its number on
     * x86-64 or AArch64, the address, and the operation {@code FUTEX_WAIT_BITSET} without the flag for private memory.
     */
    private static final Pattern WAIT = Pattern.compile("(202|98) 0x[0-9a-f]+ 0x9 ");

    /** The system calls that opens may wait with: {@code poll}, and {@code ppoll} by its number on x86 and on ARM. */
    private static final Pattern POLL = Pattern.compile("(7|271|73) ");

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
        return in(WAIT, name);
    }

    /** Returns when a thread of the name waits for a region to appear. */
    static void awaitPolling(String name) throws Exception {
        while (in(POLL, name) == 0) {
            Thread.sleep(1);
        }
    }

    /** How many threads of the name are in such a system call. */
    private static int in(Pattern calls, String name) throws IOException {
        int there = 0;
        for (Path task : tasks(name)) {
            String call = read(task.resolve("syscall"));
            there += calls.matcher(call).lookingAt() ? 1 : 0;
        }
        return there;
    }

    /** How often the threads of the name have gone to sleep. */
    static long sleeps(String name) throws IOException {
        long sleeps = 0;
        for (Path task : tasks(name)) {
            for (String line : read(task.resolve("status")).lines().toList()) {
                if (line.startsWith("voluntary_ctxt_switches:")) {
                    sleeps += Long.parseLong(line.substring(line.indexOf(':') + 1).trim());
                }
            }
        }
        return sleeps;
    }

    /** How many files this process has open. */
    static long files() throws IOException {
        try (var files = Files.list(Path.of("/proc/self/fd"))) {
            return files.count();
        }
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
