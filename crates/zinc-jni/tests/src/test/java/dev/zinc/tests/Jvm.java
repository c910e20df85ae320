// Another JVM, which runs a class of these tests.

package dev.zinc.tests;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A process, killed when the test is done with it. */
final class Jvm implements AutoCloseable {
    private final Process process;
    private final BufferedReader output;

    private Jvm(List<String> command) throws IOException {
        process = new ProcessBuilder(command).redirectErrorStream(true).start();
        output = process.inputReader();
    }

    /** The same Java as this one, with the same class path. */
    static Jvm start(List<String> flags, Class<?> program, String... arguments) throws IOException {
        return new Jvm(command(flags, program, arguments));
    }

    /** How {@link #start} starts it. */
    static List<String> command(List<String> flags, Class<?> program, String... arguments) {
        var command = new ArrayList<>(List.of(java(), "--enable-native-access=ALL-UNNAMED"));
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), program.getName()));
        command.addAll(List.of(arguments));
        return command;
    }

    /** What ends in such a command. */
    static Jvm of(List<String> command) throws IOException {
        return new Jvm(command);
    }

    /** The same Java as this one, with nothing but these arguments. */
    static Jvm bare(String... arguments) throws IOException {
        var command = new ArrayList<>(List.of(java()));
        command.addAll(List.of(arguments));
        return new Jvm(command);
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    /** The next line that it writes. */
    String line() throws IOException {
        return output.readLine();
    }

    void write(String line) throws IOException {
        process.outputWriter().append(line).append('\n').flush();
    }

    /** Everything that it still writes, when it has ended well. */
    String finish() throws Exception {
        process.outputWriter().close();
        String text = String.join("\n", output.lines().toList());
        if (process.waitFor() != 0) {
            throw new AssertionError("it ended with " + process.exitValue() + ": " + text);
        }
        return text;
    }

    void kill() throws Exception {
        process.destroyForcibly();
        process.waitFor(60, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
