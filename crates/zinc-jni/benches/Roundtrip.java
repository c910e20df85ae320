// A round trip between two JVMs: signal, await the answer.
//
//     java --enable-native-access=ALL-UNNAMED -cp zinc.jar Roundtrip.java [--json] [--limit NANOSECONDS] [--rounds N]
//
// Both JVMs are pinned, each to a core of its own, by taskset. The target is a p50 of at most 1.8 times the bare limit:
// two Rust processes that each store to a cache line on which the other spins. The limit is measured in the same run,
// by the bench roundtrip of crates/zinc through cargo in the current directory, before and after, and the lower counts;
// unless it is given. With --json, everything comes once more as JSON, on the last line.
//
// How one round trip is measured, though reading the clock takes a good part of one: the clock is read once for each,
// right after `signal`, while the other process takes the notification in and answers. So the reading is not on the way
// of the round trip, and the difference of two readings is one round trip. As a check, batches of 100 round trips with
// the clock read only at their ends are run in between; the p50 of their averages stands beside.

import dev.zinc.ClosedException;
import dev.zinc.RegionOptions;
import dev.zinc.SharedRegion;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.regex.Pattern;

public final class Roundtrip {
    private static final double TARGET = 1.8;
    private static final String WHAT = "Java to Java p50 to the bare limit's";
    private static final int TRIPS = 100_000;
    private static final int BATCH = 100;
    /** The compiler has one core, which it shares with a thread that never rests: it takes some seconds. */
    private static final Duration WARM_UP = Duration.ofSeconds(8);

    public static void main(String[] arguments) throws Exception {
        var given = List.of(arguments);
        if (given.contains("--answer")) {
            answer(value(given, "--answer", null));
        } else if (given.contains("--ask")) {
            ask(value(given, "--ask", null), Integer.parseInt(value(given, "--rounds", "20")));
        } else {
            lead(given);
        }
    }

    private static String value(List<String> arguments, String name, String otherwise) {
        int place = arguments.indexOf(name);
        return place < 0 ? otherwise : arguments.get(place + 1);
    }

    /** Starts the two, and compares. */
    private static void lead(List<String> arguments) throws Exception {
        var cores = twoCores();
        String given = value(arguments, "--limit", null);
        double limit = given == null ? bareLimit() : Double.parseDouble(given);
        var load = Files.readString(Path.of("/proc/loadavg")).strip();

        String name = "bench-java-" + ProcessHandle.current().pid();
        var asking = start(cores.get(0), "--ask", name, "--rounds", value(arguments, "--rounds", "20"));
        var answering = start(cores.get(1), "--answer", name);
        var row = new String(asking.getInputStream().readAllBytes()).strip();
        if (asking.waitFor() != 0 || answering.waitFor() != 0) {
            throw new IllegalStateException("one of the two failed, see above");
        }
        if (given == null) {
            limit = Math.min(limit, bareLimit());
        }

        double p50 = number(row, "p50 ns");
        double ratio = p50 / limit;
        boolean met = ratio <= TARGET;
        System.out.println("load before: " + load);
        System.out.println("Java " + Runtime.version() + " to Java: " + row);
        System.out.printf(Locale.ROOT, "bare limit: p50 ns %.1f%n", limit);
        System.out.printf(
                Locale.ROOT, "%s: %.2f, target %.1f, %s in this run%n", WHAT, ratio, TARGET, met ? "met" : "MISSED");
        if (arguments.contains("--json")) {
            System.out.printf(
                    Locale.ROOT,
                    "{\"notes\": [\"load before: %s\"], "
                            + "\"rows\": {\"Java to Java\": {%s}, \"bare limit\": {\"p50 ns\": %.1f}}, "
                            + "\"targets\": [{\"what\": \"%s\", \"ratio\": %.3f, \"target\": %.1f, \"met\": %b}]}%n",
                    load, row, limit, WHAT, ratio, TARGET, met);
        }
    }

    private static Process start(String core, String... arguments) throws Exception {
        String java = ProcessHandle.current().info().command().orElseThrow();
        var command = new ArrayList<>(List.of("taskset", "-c", core, java));
        command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path")));
        command.add(System.getProperty("zinc.bench", "crates/zinc-jni/benches/Roundtrip.java"));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    /** The first processor that this process may use, and the first on another core. */
    private static List<String> twoCores() throws Exception {
        var status = Files.readString(Path.of("/proc/self/status"));
        var list = Pattern.compile("Cpus_allowed_list:\\s*(\\S+)").matcher(status);
        list.find();
        var processors = new TreeSet<Integer>();
        for (String range : list.group(1).split(",")) {
            String[] ends = range.split("-");
            for (int cpu = Integer.parseInt(ends[0]); cpu <= Integer.parseInt(ends[ends.length - 1]); cpu++) {
                processors.add(cpu);
            }
        }
        int first = processors.first();
        for (int other : processors) {
            if (!core(other).equals(core(first))) {
                return List.of(Integer.toString(first), Integer.toString(other));
            }
        }
        throw new IllegalStateException("two processes want two cores, and this machine gives one");
    }

    private static String core(int cpu) throws Exception {
        Path siblings = Path.of("/sys/devices/system/cpu/cpu" + cpu + "/topology/thread_siblings_list");
        return Files.exists(siblings) ? Files.readString(siblings).strip() : Integer.toString(cpu);
    }

    /** The p50 of the cache line's round trip in Rust. */
    private static double bareLimit() throws Exception {
        var bench = new ProcessBuilder(
                "cargo", "bench", "--quiet", "--package", "zinc", "--bench", "roundtrip", "--", "--json");
        var process = bench.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        var lines = new String(process.getInputStream().readAllBytes()).strip().split("\n");
        if (process.waitFor() != 0) {
            throw new IllegalStateException("the bare limit is not known; give --limit");
        }
        String rows = lines[lines.length - 1];
        return number(rows.substring(rows.indexOf("\"cache line\"")), "p50[^\"]*");
    }

    private static double number(String json, String name) {
        var found = Pattern.compile("\"" + name + "\": *([0-9.]+)").matcher(json);
        if (!found.find()) {
            throw new IllegalStateException("no " + name + " in " + json);
        }
        return Double.parseDouble(found.group(1));
    }

    /** The one process: answers until the region closes. */
    private static void answer(String name) throws Exception {
        try (var region = new RegionOptions().timeout(Duration.ofSeconds(60)).open(name)) {
            region.signal();
            while (true) {
                region.await();
                region.signal();
            }
        } catch (ClosedException done) {
            // The other has measured enough.
        }
    }

    /**
     * The other process: asks, and prints each percentile and the p50 of the batches' averages, medians over the
     * rounds.
     */
    private static void ask(String name, int rounds) throws Exception {
        try (var region = SharedRegion.create(name, 4096)) {
            if (!region.await(60_000)) {
                throw new IllegalStateException("the other process did not start");
            }
            long made = 0;
            for (long begin = System.nanoTime(); System.nanoTime() - begin < WARM_UP.toNanos(); ) {
                single(region);
                batched(region);
                made += TRIPS + 1 + TRIPS;
            }
            double[] shares = {0.5, 0.9, 0.99, 0.999};
            var found = new double[shares.length + 1][rounds];
            for (int round = 0; round < rounds; round++) {
                long[] sample = single(region);
                for (int share = 0; share < shares.length; share++) {
                    found[share][round] = sample[(int) (shares[share] * (sample.length - 1))];
                }
                found[shares.length][round] = batched(region);
                made += TRIPS + 1 + TRIPS;
            }
            if (region.sequence() != 1 + 2 * made) {
                throw new IllegalStateException(made + " round trips made " + region.sequence() + " notifications");
            }
            System.out.printf(
                    Locale.ROOT,
                    "\"p50 ns\": %.0f, \"p90 ns\": %.0f, \"p99 ns\": %.0f, \"p99.9 ns\": %.0f, "
                            + "\"p50 of batches ns\": %.1f%n",
                    median(found[0]), median(found[1]), median(found[2]), median(found[3]), median(found[4]));
        }
    }

    private static long[] single(SharedRegion region) throws Exception {
        var moments = new long[TRIPS + 1];
        for (int trip = 0; trip <= TRIPS; trip++) {
            region.signal();
            moments[trip] = System.nanoTime();
            region.await(1000);
        }
        var times = new long[TRIPS];
        for (int trip = 0; trip < TRIPS; trip++) {
            times[trip] = moments[trip + 1] - moments[trip];
        }
        Arrays.sort(times);
        return times;
    }

    private static double batched(SharedRegion region) throws Exception {
        var averages = new double[TRIPS / BATCH];
        for (int batch = 0; batch < averages.length; batch++) {
            long before = System.nanoTime();
            for (int trip = 0; trip < BATCH; trip++) {
                region.signal();
                region.await(1000);
            }
            averages[batch] = (double) (System.nanoTime() - before) / BATCH;
        }
        return median(averages);
    }

    private static double median(double[] values) {
        var sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
