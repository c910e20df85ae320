// Finds and loads the native library.

package dev.zinc;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Loads the native library: the file that the property {@code dev.zinc.library} names, else one in
 * {@code java.library.path}, else a private copy of the one in the jar.
 *
 * <p>Copies go to this user's cache folder, and to the folder for temporary files where the cache cannot be used or
 * forbids execution; the property {@code dev.zinc.library.dir} names a folder instead of both. A file that cannot be
 * loaded where it lies is copied, too: the JVM loads no file for two class loaders.
 */
final class Loader {
    private static final String PROPERTY = "dev.zinc.library";
    private static final String FOLDER_PROPERTY = "dev.zinc.library.dir";
    private static final String NAME = "zinc_jni";

    private Loader() {}

    static void load() {
        Path file = file();
        if (file == null) {
            new Copies(fromJar()).load(true);
        } else {
            load(file);
        }
        String version = version();
        if (!version.equals(Native.version())) {
            throw new UnsatisfiedLinkError("zinc: the jar is of version " + version
                    + " and the native library of version " + Native.version() + "; use those of one version (-D"
                    + PROPERTY + " names the library's file)");
        }
    }

    /** The library that the program's start names; null if it names none. */
    private static Path file() {
        String named = System.getProperty(PROPERTY);
        if (named != null) {
            return Path.of(named).toAbsolutePath();
        }
        for (String folder : System.getProperty("java.library.path", "").split(File.pathSeparator)) {
            Path library = Path.of(folder).resolve(System.mapLibraryName(NAME)).toAbsolutePath();
            if (!folder.isEmpty() && Files.isRegularFile(library)) {
                return library;
            }
        }
        return null;
    }

    private static void load(Path file) {
        try {
            System.load(file.toString());
        } catch (UnsatisfiedLinkError first) {
            var copies = new Copies(bytes(file, first));
            copies.failed(file, first);
            copies.load(false);
        }
    }

    private static byte[] bytes(Path file, UnsatisfiedLinkError first) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException unreadable) {
            throw failure(file + " cannot be loaded (" + first.getMessage() + ")", first);
        }
    }

    private static byte[] fromJar() {
        String resource = "native/" + platform() + "/" + System.mapLibraryName(NAME);
        try (InputStream inside = Loader.class.getResourceAsStream(resource)) {
            if (inside == null) {
                throw failure("this jar has no native library for " + platform()
                        + "; build one from Zinc's sources with `cargo build --release -p zinc-jni`, and name it with -D"
                        + PROPERTY, null);
            }
            return inside.readAllBytes();
        } catch (IOException error) {
            throw failure("the native library cannot be read from the jar (" + error + ")", error);
        }
    }

    private static UnsatisfiedLinkError failure(String why, Throwable cause) {
        var failure = new UnsatisfiedLinkError("zinc: " + why);
        failure.initCause(cause);
        return failure;
    }

    /** A library that is loaded from a copy, wherever that works first; and why it did not work elsewhere. */
    private static final class Copies {
        private final byte[] library;
        private final List<String> failures = new ArrayList<>();

        Copies(byte[] library) {
            this.library = library;
        }

        void failed(Path where, Throwable why) {
            failures.add(where + " (" + why.getMessage() + ")");
        }

        /** {@code shared}: first from a file that later processes use as well. */
        void load(boolean shared) {
            for (Path folder : folders()) {
                if (shared && isLoaded(folder, Copies.this::shared) || isLoaded(folder, Copies.this::own)) {
                    return;
                }
            }
            throw failure("the native library cannot be loaded from any of: " + String.join("; ", failures)
                    + "; have -D" + FOLDER_PROPERTY
                    + " name a folder of this user's own whose file system allows execution, or -D" + PROPERTY
                    + " another file", null);
        }

        private interface Copier {
            Path in(Path folder) throws IOException;
        }

        private boolean isLoaded(Path folder, Copier copier) {
            Path copy = folder;
            try {
                copy = copier.in(folder);
                System.load(copy.toString());
                return true;
            } catch (IOException | UnsupportedOperationException | UnsatisfiedLinkError error) {
                failed(copy, error);
                return false;
            }
        }

        /** A private file with these bytes: one that is there already, if its bytes are these, or a new one. */
        private Path shared(Path folder) throws IOException {
            if (!isPrivate(folder)) {
                throw new IOException("it is not this user's alone");
            }
            Path copy = folder.resolve(System.mapLibraryName(NAME + "-" + version() + "-" + digest(library)));
            if (isPrivate(copy) && Arrays.equals(Files.readAllBytes(copy), library)) {
                return copy;
            }
            // Others may load the file while it is written, so it appears whole.
            Path written = Files.createTempFile(folder, NAME, ".new");
            Files.write(written, library);
            return Files.move(written, copy, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        }

        /** A private file of this class loader's own, which goes with the process. */
        private Path own(Path folder) throws IOException {
            Path own = Files.createTempDirectory(folder, NAME);
            Path copy = Files.write(own.resolve(System.mapLibraryName(NAME)), library);
            // Deleted in the opposite order.
            own.toFile().deleteOnExit();
            copy.toFile().deleteOnExit();
            return copy;
        }
    }

    /** Where copies may go, the best first. */
    private static List<Path> folders() {
        String named = System.getProperty(FOLDER_PROPERTY);
        if (named != null) {
            Path folder = Path.of(named).toAbsolutePath();
            create(folder);
            return List.of(folder);
        }
        Path temporary = Path.of(System.getProperty("java.io.tmpdir", "/tmp")).toAbsolutePath();
        return cache().map(cache -> List.of(cache, temporary)).orElse(List.of(temporary));
    }

    /** Operating system, architecture and C library, as the jar's folders are called. */
    private static String platform() {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        String cpu = arch.equals("amd64") ? "x86_64" : arch.equals("arm64") ? "aarch64" : arch;
        if (os.contains("linux")) {
            return "linux-" + cpu + (usesMusl() ? "-musl" : "-gnu");
        }
        return (os.contains("windows") ? "windows-" : os.contains("mac") ? "macos-" : os + "-") + cpu;
    }

    /** Its dynamic loader is among the files that a Linux process maps; where that cannot be read, glibc is assumed. */
    private static boolean usesMusl() {
        try (var lines = Files.lines(Path.of("/proc/self/maps"), StandardCharsets.ISO_8859_1)) {
            return lines.anyMatch(line -> line.contains("/ld-musl-"));
        } catch (IOException unknown) {
            return false;
        }
    }

    /** This user's folder for what can be made again, which is made if need be; nothing where it cannot be used. */
    private static Optional<Path> cache() {
        String named = System.getenv("XDG_CACHE_HOME");
        Path parent = named != null && Path.of(named).isAbsolute()
                ? Path.of(named)
                : Path.of(System.getProperty("user.home", "/"), ".cache");
        Path folder = parent.resolve("zinc");
        create(folder);
        try {
            return isPrivate(folder) ? Optional.of(folder) : Optional.empty();
        } catch (IOException | UnsupportedOperationException unusable) {
            return Optional.empty();
        }
    }

    /** Makes a folder for this user alone, if it is not there. Whether it can be used is for others to find out. */
    private static void create(Path folder) {
        var mine = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
        try {
            Files.createDirectories(folder.getParent());
            Files.createDirectory(folder, mine);
        } catch (IOException | UnsupportedOperationException there) {
            // It exists, or its use fails with the reason.
        }
    }

    /** Whether it is this user's, no link, and nobody else may write to it. */
    private static boolean isPrivate(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        var is = Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        var rights = is.permissions();
        return (is.isDirectory() || is.isRegularFile())
                && is.owner().equals(user(is.isDirectory() ? path : path.getParent()))
                && !rights.contains(PosixFilePermission.GROUP_WRITE)
                && !rights.contains(PosixFilePermission.OTHERS_WRITE);
    }

    /** This user, as the owner of what this process makes in a folder; it must be able to. */
    private static UserPrincipal user(Path folder) throws IOException {
        Path made = Files.createTempFile(folder, NAME, null);
        try {
            return Files.getOwner(made, LinkOption.NOFOLLOW_LINKS);
        } finally {
            Files.delete(made);
        }
    }

    private static String digest(byte[] bytes) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
            return HexFormat.of().formatHex(digest, 0, 8);
        } catch (NoSuchAlgorithmException never) {
            throw new AssertionError("every Java has SHA-256", never);
        }
    }

    private static String version() {
        try (InputStream text = Loader.class.getResourceAsStream("version.txt")) {
            return new String(text.readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException error) {
            throw new UnsatisfiedLinkError("zinc: the jar does not say its version: " + error);
        }
    }
}
