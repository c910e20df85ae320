/**
 * Named shared memory between processes of different languages on one machine.
 *
 * <p>One process creates a named region, others open it by its name, and all see the same bytes: nothing is serialized,
 * nothing is copied, and nothing runs in between. {@link dev.zinc.SharedRegion#signal()} and
 * {@link dev.zinc.SharedRegion#await(long)} say when to look. The other processes may be written in Rust, Python, C,
 * C++, Go, JavaScript or C#.
 *
 * <pre>{@code
 * try (var region = SharedRegion.create("pipeline", 64 << 20)) {       // one process
 *     region.byteBuffer().putFloat(0, 1.5f);
 *     region.signal();
 *     ...
 * }
 *
 * try (var region = SharedRegion.open("pipeline")) {                   // another, in whatever language
 *     if (region.await(1000)) {
 *         System.out.println(region.byteBuffer().getFloat(0));
 *     }
 * }
 * }</pre>
 *
 * <h2>notify is called signal here</h2>
 *
 * What other languages call {@code notify} and {@code wait} is called {@code signal} and {@code await}, as in
 * {@link java.util.concurrent.locks.Condition}, since {@link Object#notify()} and {@link Object#wait()} are taken.
 * Beware of calling those by mistake: on a region they mean what they mean on every object.
 *
 * <h2>The native library</h2>
 *
 * The jar brings it, for each system that it supports. It is looked for in the file that the system property
 * {@code dev.zinc.library} names, then in {@code java.library.path}, and then in the jar, from where it is copied to a
 * private file of this user. From Java 24 on the JDK warns unless the program is started with
 * {@code --enable-native-access=dev.zinc} (the jar on the module path) or
 * {@code --enable-native-access=ALL-UNNAMED} (on the class path).
 *
 * <h2>Memory that outlives its handle</h2>
 *
 * A {@link java.nio.ByteBuffer} of a region, and every buffer made of it, stays valid when the region is closed, and
 * when its owner is gone; the memory is given back when the last of them is garbage. On Java 22 and newer, regions and
 * tensors also give a {@code MemorySegment}, whose end is that of its arena.
 */
package dev.zinc;
