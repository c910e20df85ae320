// Finds and loads the native library.

package dev.zinc;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;

/**
 * Loads the native library: the file that the property {@code dev.zinc.library} names, else one in
 * {@code java.library.path}, else a private copy of the one in the jar.
 */
final class Loader {
    private static final String PROPERTY = "dev.zinc.library";
    private static final String NAME = "zinc_jni";

    private Loader() {}

    static void load() {
        load(find());
        String version = version();
        if (!version.equals(Native.version())) {
            throw new UnsatisfiedLinkError("zinc: the jar is of version " + version
                    + " and the native library of version " + Native.version() + "; use those of one version (-D" + PROPERTY + " names the library's file)");
        }
    }

    private static void load(Path library) {
        try {
            System.load(library.toString());
        } catch (UnsatisfiedLinkError error) {
            var clear = new UnsatisfiedLinkError("zinc: " + library + " cannot be loaded (" + error.getMessage()
                    + "); if its directory forbids execution, or another class loader has loaded the file, have -D"
                    + PROPERTY + " name another copy");
            clear.initCause(error);
            throw clear;
        }
    }

    private static Path find() {
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
        String resource = "native/" + platform() + "/" + System.mapLibraryName(NAME);
        try (InputStream inside = Loader.class.getResourceAsStream(resource)) {
            if (inside == null) {
                throw new UnsatisfiedLinkError("zinc: this jar has no native library for " + platform()
                        + "; build one from Zinc's sources with `cargo build --release -p zinc-jni`, and name it with -D"
                        + PROPERTY);
            }
            return extract(inside.readAllBytes());
        } catch (IOException error) {
            var clear = new UnsatisfiedLinkError("zinc: the native library cannot be copied out of the jar (" + error
                    + "); copy " + resource + " yourself, and name the copy with -D" + PROPERTY);
            clear.initCause(error);
            throw clear;
        }
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

    /** The dynamic loader is among the files that this process maps. */
    private static boolean usesMusl() {
        try (var lines = Files.lines(Path.of("/proc/self/maps"), StandardCharsets.ISO_8859_1)) {
            return lines.anyMatch(line -> line.contains("/ld-musl-"));
        } catch (IOException unknown) {
            return false;
        }
    }

    /** A private file with these bytes: one that is there already, if its bytes are these, or a new one. */
    private static Path extract(byte[] library) throws IOException {
        String name = System.mapLibraryName(NAME + "-" + version() + "-" + digest(library));
        Path cache = cache();
        if (cache == null) {
            Path temporary = Files.createTempDirectory("zinc");
            Path copy = Files.write(temporary.resolve(name), library);
            // Deleted in the opposite order.
            temporary.toFile().deleteOnExit();
            copy.toFile().deleteOnExit();
            return copy;
        }
        Path copy = cache.resolve(name);
        if (isPrivate(copy, false) && Arrays.equals(Files.readAllBytes(copy), library)) {
            return copy;
        }
        // Others may load the file while it is written, so it appears whole.
        Path written = Files.createTempFile(cache, NAME, ".new");
        Files.write(written, library);
        return Files.move(written, copy, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** This user's folder for what can be made again; null where it cannot be used. */
    private static Path cache() {
        String named = System.getenv("XDG_CACHE_HOME");
        Path parent = named != null && Path.of(named).isAbsolute()
                ? Path.of(named)
                : Path.of(System.getProperty("user.home", "/"), ".cache");
        Path folder = parent.resolve("zinc");
        var mine = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
        try {
            Files.createDirectories(parent);
            try {
                Files.createDirectory(folder, mine);
            } catch (FileAlreadyExistsException before) {
                // Whose it is comes next.
            }
            return isPrivate(folder, true) && Files.isWritable(folder) ? folder : null;
        } catch (IOException | UnsupportedOperationException unusable) {
            return null;
        }
    }

    /** Whether it is this user's, no link, and nobody else may write to it. */
    private static boolean isPrivate(Path path, boolean directory) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        var is = Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        var rights = is.permissions();
        return (directory ? is.isDirectory() : is.isRegularFile())
                && is.owner().equals(Files.getOwner(Path.of("/proc/self")))
                && !rights.contains(PosixFilePermission.GROUP_WRITE)
                && !rights.contains(PosixFilePermission.OTHERS_WRITE);
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
