// What a process can do to itself, for the cases about forks and rights: calls of the C library.

package dev.zinc.testee;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** Forks, and gives up rights. */
@SuppressWarnings("restricted") // The signatures are those of the manual.
final class Posix {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;

    private static final MethodHandle FORK = call("fork", FunctionDescriptor.of(INT));
    private static final MethodHandle ALARM = call("alarm", FunctionDescriptor.of(INT, INT));
    private static final MethodHandle PAUSE = call("pause", FunctionDescriptor.of(INT));
    private static final MethodHandle SETGROUPS =
            call("setgroups", FunctionDescriptor.of(INT, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS));
    private static final MethodHandle SETGID = call("setgid", FunctionDescriptor.of(INT, INT));
    private static final MethodHandle SETUID = call("setuid", FunctionDescriptor.of(INT, INT));

    private Posix() {}

    private static MethodHandle call(String name, FunctionDescriptor signature) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().find(name).orElseThrow(), signature);
    }

    /**
     * A child that holds copies of everything, does nothing, and ends by itself should nobody end it. Of the JVM it has
     * this thread alone, which is enough for two calls.
     */
    static int fork() throws Throwable {
        int child = (int) FORK.invokeExact();
        if (child == 0) {
            int before = (int) ALARM.invokeExact(60);
            while (true) {
                int interrupted = (int) PAUSE.invokeExact();
            }
        }
        return child;
    }

    /** Gives up root's rights for those of another user. */
    static void become(int user) throws Throwable {
        check("setgroups", (int) SETGROUPS.invokeExact(0L, MemorySegment.NULL));
        check("setgid", (int) SETGID.invokeExact(user));
        check("setuid", (int) SETUID.invokeExact(user));
    }

    private static void check(String call, int result) {
        if (result != 0) {
            throw new IllegalStateException(call + " failed");
        }
    }
}
