// The Java testee: takes the conformance runner's commands, calls the public API, reports what it gave.

package dev.zinc.testee;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import dev.zinc.DType;
import dev.zinc.OwnedRegion;
import dev.zinc.SharedRegion;
import dev.zinc.ZincException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;

/** The program. */
public final class Testee {
    private static final Gson JSON = new GsonBuilder().serializeNulls().disableHtmlEscaping().create();
    private static final PrintStream OUT = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    private static final Map<String, SharedRegion> HANDLES = new ConcurrentHashMap<>();

    /** Where regions of this case are, or were. */
    private static final Set<Path> DIRECTORIES = ConcurrentHashMap.newKeySet();

    private Testee() {}

    /** An error of the testee's own. */
    private static final class Refused extends Exception {
        private static final long serialVersionUID = 1;

        Refused(String name) {
            super(name);
        }
    }

    /**
     * Carries out commands until the input ends; then the process ends with what it has still open.
     *
     * @param arguments none
     * @throws IOException if the input cannot be read
     */
    public static void main(String[] arguments) throws IOException {
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            JsonObject command = JsonParser.parseString(line).getAsJsonObject();
            if (command.get("do").getAsString().equals("wait_async")) {
                waitAsync(command);
            } else if (command.has("background")) {
                var thread = new Thread(() -> answer(command));
                thread.setDaemon(true);
                thread.start();
            } else {
                answer(command);
            }
        }
    }

    /** What a command gives. */
    private interface Work {
        JsonElement run() throws Throwable;
    }

    private static void answer(JsonObject command) {
        answer(command, () -> perform(command));
    }

    private static void answer(JsonObject command, Work work) {
        var answer = new JsonObject();
        answer.add("id", command.get("id"));
        try {
            answer.add("ok", work.run());
        } catch (ZincException error) {
            answer.addProperty("error", error.kind().toString());
            answer.addProperty("code", error.code());
            answer.addProperty("message", error.getMessage());
        } catch (ReadOnlyBufferException error) {
            answer.addProperty("error", "ReadOnly");
        } catch (CancellationException error) {
            answer.addProperty("error", "Cancelled");
        } catch (Refused error) {
            answer.addProperty("error", error.getMessage());
        } catch (Throwable error) {
            answer.addProperty("error", "Testee");
            answer.addProperty("message", error.toString());
        }
        synchronized (OUT) {
            OUT.println(JSON.toJson(answer));
            OUT.flush();
        }
    }

    private static void waitAsync(JsonObject c) {
        var region = HANDLES.get(c.get("handle").getAsString());
        var timeout = c.has("timeout") ? Optional.of(c.get("timeout").getAsLong()) : Optional.<Long>empty();
        int count = c.has("count") ? c.get("count").getAsInt() : 1;
        Waits.begin(c.get("id").getAsLong(), region, timeout, count, wait ->
                answer(c, () -> new JsonPrimitive(Waits.result(wait))));
    }

    private static JsonElement perform(JsonObject c) throws Throwable {
        switch (c.get("do").getAsString()) {
            case "hello":
                return hello();
            case "reset":
                HANDLES.values().forEach(SharedRegion::close);
                HANDLES.clear();
                Garbage.collect(DIRECTORIES);
                DIRECTORIES.clear();
                return JsonNull.INSTANCE;
            case "create":
                return keep(c, create(c));
            case "open":
                return keep(c, Options.of(c).open(name(c)));
            case "open_or_create":
                SharedRegion region = Options.of(c).openOrCreate(name(c), c.get("capacity").getAsLong());
                keep(c, region);
                var made = new JsonObject();
                made.addProperty("owner", region instanceof OwnedRegion);
                return made;
            case "remove":
                Options.of(c).remove(name(c));
                return JsonNull.INSTANCE;
            case "views":
                return views(c);
            case "list":
                return list(c);
            case "fork":
                var child = new JsonObject();
                child.addProperty("pid", Posix.fork());
                return child;
            case "cancel":
                Waits.cancel(c.get("wait").getAsLong());
                return JsonNull.INSTANCE;
            case "become":
                Posix.become(c.get("uid").getAsInt());
                return JsonNull.INSTANCE;
            default:
                return with(HANDLES.get(c.get("handle").getAsString()), c);
        }
    }

    private static JsonElement with(SharedRegion region, JsonObject c) throws Exception {
        switch (c.get("do").getAsString()) {
            case "name":
                return new JsonPrimitive(region.name());
            case "capacity":
                return new JsonPrimitive(region.capacity());
            case "sequence":
                return new JsonPrimitive(region.sequence());
            case "notify":
                region.signal();
                return JsonNull.INSTANCE;
            case "interrupt":
                region.interrupt();
                return JsonNull.INSTANCE;
            case "close":
                region.close();
                return JsonNull.INSTANCE;
            case "wait":
                if (c.has("timeout")) {
                    return new JsonPrimitive(region.await(c.get("timeout").getAsLong()));
                }
                region.await();
                return new JsonPrimitive(true);
            case "wait_past":
                return awaitPast(region, c);
            case "read":
                return new JsonPrimitive(read(region, c.get("at").getAsLong(), c.get("length").getAsLong()));
            case "write":
                byte[] bytes = HexFormat.of().parseHex(c.get("hex").getAsString());
                region.byteBuffer(c.get("at").getAsLong(), bytes.length).put(bytes);
                return JsonNull.INSTANCE;
            case "descriptor":
                return region.descriptor()
                        .map(described -> described(described.dtype(), described.shape()))
                        .orElse(JsonNull.INSTANCE);
            case "fill":
                Values.fill(region.tensor(), c.getAsJsonArray("values"));
                return JsonNull.INSTANCE;
            case "tensor":
                var tensor = c.has("dtype") ? region.tensor(dtype(c)) : region.tensor();
                var shown = described(tensor.dtype(), tensor.shape()).getAsJsonObject();
                shown.add("values", Values.of(tensor));
                return shown;
            case "ping_pong":
                pingPong(region, c.get("rounds").getAsInt(), c.has("first") && c.get("first").getAsBoolean());
                return JsonNull.INSTANCE;
            default:
                return asOwner(region, c);
        }
    }

    private static JsonElement asOwner(SharedRegion region, JsonObject c) throws Refused {
        if (!(region instanceof OwnedRegion owner)) {
            throw new Refused("NoSuchCall");
        }
        switch (c.get("do").getAsString()) {
            case "link" -> owner.link();
            case "is_named" -> {
                return new JsonPrimitive(owner.isNamed());
            }
            case "unlink" -> owner.unlink();
            case "persist" -> owner.persist();
            case "describe" -> owner.describe(dtype(c), shape(c));
            default -> throw new IllegalArgumentException("no such command");
        }
        return JsonNull.INSTANCE;
    }

    private static JsonElement hello() {
        var can = new JsonArray();
        for (String capability : new String[] {"async", "exit-handlers", "fork", "setuid", "read-only-views", "views"}) {
            can.add(capability);
        }
        for (DType dtype : DType.values()) {
            can.add("dtype:" + dtype);
        }
        var hello = new JsonObject();
        hello.addProperty("protocol", 1);
        hello.addProperty("pid", ProcessHandle.current().pid());
        hello.addProperty("version", SharedRegion.version());
        hello.add("can", can);
        return hello;
    }

    private static String name(JsonObject c) {
        return c.get("name").getAsString();
    }

    private static DType dtype(JsonObject c) {
        return DType.named(c.get("dtype").getAsString()).orElseThrow();
    }

    private static long[] shape(JsonObject c) {
        return c.getAsJsonArray("shape").asList().stream().mapToLong(JsonElement::getAsLong).toArray();
    }

    private static SharedRegion create(JsonObject c) {
        return c.has("dtype")
                ? Options.of(c).createTensor(name(c), dtype(c), shape(c))
                : Options.of(c).create(name(c), c.get("capacity").getAsLong());
    }

    /** Gives a region the command's handle. Whatever had it before is closed, since nobody can name it any more. */
    private static JsonElement keep(JsonObject c, SharedRegion region) {
        DIRECTORIES.add(region.info().path().getParent());
        SharedRegion before = HANDLES.put(c.get("handle").getAsString(), region);
        if (before != null) {
            before.close();
        }
        return JsonNull.INSTANCE;
    }

    /** How many open files of the region belong to views whose handles are closed. */
    private static JsonElement views(JsonObject c) throws Exception {
        var kept = new ArrayList<ByteBuffer>();
        for (int left = c.get("count").getAsInt(); left > 0; left--) {
            try (SharedRegion region = Options.of(c).open(name(c))) {
                kept.add(region.byteBuffer());
            }
        }
        long held = 0;
        try (var files = Files.list(Path.of("/proc/self/fd"))) {
            for (Path file : files.toList()) {
                // Some may be gone by now.
                boolean there = Files.isSymbolicLink(file);
                held += there && Files.readSymbolicLink(file).endsWith("zinc." + name(c)) ? 1 : 0;
            }
        }
        Reference.reachabilityFence(kept);
        return new JsonPrimitive(held);
    }

    private static JsonElement list(JsonObject c) {
        var list = new JsonArray();
        for (var info : Options.of(c).list()) {
            var region = new JsonObject();
            region.addProperty("name", info.name());
            region.addProperty("capacity", info.capacity());
            region.addProperty("state", info.state().toString());
            list.add(region);
        }
        return list;
    }

    private static JsonElement awaitPast(SharedRegion region, JsonObject c) throws InterruptedException {
        long sequence = c.get("sequence").getAsLong();
        if (!c.has("timeout")) {
            return new JsonPrimitive(region.awaitPast(sequence));
        }
        var reached = region.awaitPast(sequence, Duration.ofMillis(c.get("timeout").getAsLong()));
        return reached.isPresent() ? new JsonPrimitive(reached.getAsLong()) : JsonNull.INSTANCE;
    }

    private static String read(SharedRegion region, long at, long length) {
        long available = Math.max(0, Math.min(length, region.capacity() - at));
        var bytes = new byte[(int) available];
        region.byteBuffer(Math.min(at, region.capacity()), bytes.length).get(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    private static JsonElement described(DType dtype, long[] shape) {
        var lengths = new JsonArray();
        Arrays.stream(shape).forEach(lengths::add);
        var described = new JsonObject();
        described.addProperty("dtype", dtype.toString());
        described.add("shape", lengths);
        return described;
    }

    /** Adds 1 to the first byte and notifies, in turns with another process. */
    private static void pingPong(SharedRegion region, int rounds, boolean first) throws InterruptedException {
        var bytes = region.byteBuffer();
        for (int turn = 0; turn < 2 * rounds; turn++) {
            if ((turn % 2 == 0) == first) {
                bytes.put(0, (byte) (bytes.get(0) + 1));
                region.signal();
            } else {
                region.await();
            }
        }
    }
}
