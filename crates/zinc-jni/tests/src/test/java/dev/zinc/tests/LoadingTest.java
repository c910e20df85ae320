// How the native library is found.

package dev.zinc.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.zinc.RegionOptions;
import dev.zinc.SharedRegion;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class LoadingTest {
    @TempDir
    Path directory;

    private String load(String... flags) throws Exception {
        try (var child = Jvm.start(List.of(flags), Child.class, "load", directory.toString())) {
            return child.finish();
        } catch (AssertionError failed) {
            return failed.getMessage();
        }
    }

    /** The jar as the class path has it. */
    private static Path jar() throws Exception {
        return Path.of(SharedRegion.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    }

    /** The library as it was copied out of the jar, by a process whose home this is. */
    private Path copy() throws Exception {
        assertEquals("0.1.0", load("-Duser.home=" + directory));
        try (var files = Files.list(directory.resolve(".cache/zinc"))) {
            return files.filter(file -> file.toString().endsWith(".so")).findAny().orElseThrow();
        }
    }

    @Test
    void theJarsLibraryIsCopiedToAPrivateFileOfItsVersion() throws Exception {
        Path copy = copy();
        assertTrue(copy.getFileName().toString().startsWith("libzinc_jni-0.1.0-"), copy.toString());
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(copy.getParent())));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(copy)));
    }

    @Test
    void aCopyWithOtherBytesIsReplaced() throws Exception {
        Path copy = copy();
        byte[] bytes = Files.readAllBytes(copy);
        Files.writeString(copy, "something else");
        assertEquals(copy, copy());
        assertEquals(bytes.length, Files.size(copy));
    }

    @Test
    void aFolderThatOthersMayWriteToIsNotUsed() throws Exception {
        Path copy = copy();
        Files.setPosixFilePermissions(copy.getParent(), PosixFilePermissions.fromString("rwxrwxrwx"));
        Files.writeString(copy, "planted");
        Path temporary = Files.createDirectory(directory.resolve("temporary"));
        assertEquals("0.1.0", load("-Duser.home=" + directory, "-Djava.io.tmpdir=" + temporary));
        assertEquals("planted", Files.readString(copy));
        try (var left = Files.list(temporary)) {
            assertEquals(List.of(), left.filter(file -> file.getFileName().toString().startsWith("zinc")).toList());
        }
    }

    @Test
    void aPropertyComesBeforeTheLibraryPathAndThatBeforeTheJar() throws Exception {
        Path copy = copy();
        Path named = Files.copy(copy, directory.resolve("named.so"));
        Path found = Files.copy(copy, directory.resolve("libzinc_jni.so"));
        String noHome = "-Duser.home=/proc/none";
        assertEquals("0.1.0", load(noHome, "-Ddev.zinc.library=" + named));
        assertEquals("0.1.0", load(noHome, "-Djava.library.path=" + directory));
        Files.writeString(found, "no library");
        String damaged = load(noHome, "-Djava.library.path=" + directory);
        assertTrue(damaged.contains("cannot be loaded from any of: " + found), damaged);
        assertEquals("0.1.0", load(noHome, "-Djava.library.path=" + directory, "-Ddev.zinc.library=" + named));
        String missing = load("-Ddev.zinc.library=" + directory + "/none.so");
        assertTrue(missing.contains("none.so cannot be loaded"), missing);
    }

    @Test
    void everyClassLoaderHasTheLibraryOfItsOwn() throws Exception {
        var here = new RegionOptions().directory(directory);
        URL[] jar = {jar().toUri().toURL()};
        for (int i = 0; i < 2; i++) {
            try (var owner = here.create("r", 8); var loader = new URLClassLoader(jar, null)) {
                Class<?> options = loader.loadClass(RegionOptions.class.getName());
                assertNotEquals(RegionOptions.class, options);
                Object theirs = options.getMethod("directory", Path.class)
                        .invoke(options.getConstructor().newInstance(), directory);
                Object peer = options.getMethod("open", String.class).invoke(theirs, "r");
                owner.signal();
                assertEquals(true, peer.getClass().getMethod("await", long.class).invoke(peer, 10_000L));
                peer.getClass().getMethod("close").invoke(peer);
            }
        }
    }

    @Test
    void aNamedLibraryServesEveryClassLoader() throws Exception {
        Path named = Files.copy(copy(), directory.resolve("named.so"));
        try (var child = Jvm.start(List.of("-Ddev.zinc.library=" + named), Child.class, "loaders", jar().toString())) {
            assertEquals("0.1.0\n0.1.0", child.finish());
        }
    }

    @Test
    void aPropertyNamesTheFolderOfTheCopy() throws Exception {
        Path folder = directory.resolve("new/folder");
        String noHome = "-Duser.home=/proc/none";
        for (int i = 0; i < 2; i++) {
            assertEquals("0.1.0", load(noHome, "-Djava.io.tmpdir=/proc", "-Ddev.zinc.library.dir=" + folder));
            try (var files = Files.list(folder)) {
                assertEquals(1, files.count());
            }
        }
        String said = load("-Ddev.zinc.library.dir=/proc/none/here");
        assertTrue(said.contains("/proc/none/here") && said.contains("dev.zinc.library.dir"), said);
    }

    /** Runs the child where the folder of its home forbids execution, and says what it said. */
    private String loadWithoutExecution(String temporary) throws Exception {
        Path home = Files.createDirectories(directory.resolve("noexec"));
        var command = new ArrayList<>(List.of("unshare", "--mount", "--map-root-user", "sh", "-c",
                "mount -t tmpfs -o noexec none " + home + " && exec \"$@\"", "sh"));
        command.addAll(Jvm.command(
                List.of("-Duser.home=" + home, "-Djava.io.tmpdir=" + temporary), Child.class, "load", "none"));
        try (var child = Jvm.of(command)) {
            return child.finish();
        } catch (AssertionError failed) {
            return failed.getMessage();
        }
    }

    @Test
    void aCacheThatForbidsExecutionIsPassedOver() throws Exception {
        Path temporary = Files.createDirectory(directory.resolve("temporary"));
        String said = loadWithoutExecution(temporary.toString());
        assumeFalse(said.contains("unshare"), "this user may not mount: " + said);
        assertEquals("0.1.0", said);
        String nowhere = loadWithoutExecution(directory.resolve("noexec").toString());
        assertTrue(nowhere.contains("dev.zinc.library.dir"), nowhere);
        assertTrue(nowhere.contains(directory.resolve("noexec/.cache/zinc/lib").toString()), nowhere);
    }

    @Test
    void aPlatformWithoutALibraryIsToldSo() throws Exception {
        String said = load("-Dos.arch=sparc");
        assertTrue(said.contains("no native library for linux-sparc-gnu"), said);
        assertTrue(said.contains("-Ddev.zinc.library"), said);
    }

    @Test
    void theModulePathWorksWithoutAWarning() throws Exception {
        Files.writeString(directory.resolve("module-info.java"), "module user { requires dev.zinc; }");
        Path source = Files.createDirectory(directory.resolve("user")).resolve("Main.java");
        Files.writeString(source, """
                package user;
                public class Main {
                    public static void main(String[] arguments) {
                        System.out.println(dev.zinc.SharedRegion.version());
                    }
                }
                """);
        var compiler = javax.tools.ToolProvider.getSystemJavaCompiler();
        var out = directory.resolve("out").toString();
        int failed = compiler.run(null, null, null, "-p", jar().toString(), "-d", out,
                directory.resolve("module-info.java").toString(), source.toString());
        assertEquals(0, failed);
        try (var child = Jvm.bare("--enable-native-access=dev.zinc", "-p", jar() + ":" + out, "-m", "user/user.Main")) {
            // Java 17 does not know the option for modules other than incubating ones, and says so.
            String said = child.finish();
            assertEquals("0.1.0", said.lines().filter(line -> !line.contains("jdk.incubator.foreign")).toList().get(0));
            assertTrue(Runtime.version().feature() < 22 || said.equals("0.1.0"), said);
        }
    }

    @Test
    void theClassPathWorksWithoutAWarning() throws Exception {
        assertEquals("0.1.0", load());
    }
}
