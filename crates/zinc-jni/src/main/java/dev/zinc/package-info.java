/**
 * Named shared memory between processes of different languages on one machine.
 *
 * <p>One process creates a named region, others open it by its name, and all see the same bytes. Zinc serializes nothing,
 * copies nothing, and needs no process in between. {@link dev.zinc.SharedRegion#signal()} and
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
 * try (var region = SharedRegion.open("pipeline")) {                   // another, in any language
 *     if (region.await(1000)) {
 *         System.out.println(region.byteBuffer().getFloat(0));
 *     }
 * }
 * }</pre>
 *
 * <h2>notify is called signal here</h2>
 *
 * What other languages call {@code notify} and {@code wait} is called {@code signal} and {@code await}, as in
 * {@link java.util.concurrent.locks.Condition}, because every object has {@link Object#notify()} and
 * {@link Object#wait()} already. Those two have nothing to do with the region.
 *
 * <h2>The native library</h2>
 *
 * The jar contains it, for each system that it supports. It is looked for in the file that the system property
 * {@code dev.zinc.library} names, then in {@code java.library.path}, and then in the jar, from which it is copied to a
 * private file under {@code ~/.cache/zinc}. Where that folder cannot be used or forbids execution, the copy goes to
 * {@code java.io.tmpdir}; the system property {@code dev.zinc.library.dir} names a folder instead of both. Every class
 * loader that loads this package has a copy of its own. From Java 24 on the JDK warns unless the program is started with
 * {@code --enable-native-access=dev.zinc} (the jar on the module path) or
 * {@code --enable-native-access=ALL-UNNAMED} (on the class path).
 *
 * <h2>Memory that outlives its handle</h2>
 *
 * A {@link java.nio.ByteBuffer} of a region, and every buffer made of it, stays valid when the region is closed and when
 * its owner is gone; the memory is released when the last of them is garbage. On Java 22 and newer, regions and tensors
 * also have a {@code MemorySegment}, which ends with its arena.
 *
 * <p>For as long as a buffer, a tensor or a segment of an {@link dev.zinc.OwnedRegion} can be reached, that owner is not
 * garbage and the region lasts, unless it is closed.
 *
 * <h2>Times</h2>
 *
 * A time is a number of milliseconds, a {@link java.time.Duration}, or a number with its unit. Zero looks once. A
 * duration below zero does the same, since nothing is left of it; a plain number of milliseconds below zero is an
 * {@link dev.zinc.InvalidArgumentException}. {@link dev.zinc.SharedRegion#FOREVER} never ends.
 */
package dev.zinc;
