// A server that answers nearest-word questions straight from the pages that the loader filled: Reader EMBEDDINGS
// VOCABULARY. `examples/README.md` describes the lines it prints.

import dev.zinc.DType;
import dev.zinc.RegionOptions;
import dev.zinc.Tensor;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The program. */
public final class Reader {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int NEAREST = 5;
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    private Reader() {}

    /**
     * Answers until the input ends.
     *
     * @param arguments the names of the two regions
     */
    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 2) {
            System.err.println("usage: Reader EMBEDDINGS VOCABULARY");
            System.exit(2);
        }
        var patient = new RegionOptions().timeout(PATIENCE);
        try (var region = patient.open(arguments[0]); var vocabulary = patient.open(arguments[1])) {
            OUT.println("{\"event\": \"ready\"}");
            if (!region.await(PATIENCE)) {
                throw new IllegalStateException(arguments[0] + ": nobody notified in time");
            }
            region.byteBuffer().get(0);
            long firstByte = monotonic();
            String words = StandardCharsets.UTF_8.decode(vocabulary.byteBuffer()).toString();
            var table = new Table(region.tensor(DType.FLOAT32), words.lines().toList());
            OUT.printf("{\"event\": \"timing\", \"first_byte\": %d, \"all_read\": %d}%n", firstByte, monotonic());

            var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String word = in.readLine(); word != null; word = in.readLine()) {
                String nearest = table.nearest(word).stream()
                        .map(near -> "{\"word\": " + json(table.words.get(near.row))
                                + ", \"cosine\": " + near.cosine + "}")
                        .collect(Collectors.joining(", "));
                OUT.println("{\"event\": \"answer\", \"word\": " + json(word) + ", \"nearest\": [" + nearest + "]}");
            }
        }
    }

    /** What HotSpot reads on Linux: {@code CLOCK_MONOTONIC}, which is one clock for all processes of a machine. */
    private static long monotonic() {
        return System.nanoTime();
    }

    private static String json(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    private record Near(int row, double cosine) {}

    /** Borrowed rows, a word for each, and the length of each row. */
    private static final class Table {
        private final FloatBuffer elements;
        private final int columns;
        private final List<String> words;
        private final double[] norms;

        /** Reads every row once. */
        Table(Tensor embeddings, List<String> words) {
            int rows = (int) embeddings.shape()[0];
            this.words = words;
            columns = (int) embeddings.shape()[1];
            elements = embeddings.floatBuffer();
            norms = new double[rows];
            for (int row = 0; row < rows; row++) {
                norms[row] = Math.sqrt(dot(row, row));
            }
        }

        /** In double precision, so that every language's reader finds the same order. */
        private double dot(int a, int b) {
            double sum = 0;
            for (int column = 0; column < columns; column++) {
                sum += (double) elements.get(a * columns + column) * elements.get(b * columns + column);
            }
            return sum;
        }

        /**
         * The words of the largest cosine with {@code word}, the largest first and the lower row first among equals;
         * neither the word itself nor the tokenizer's markers and word pieces.
         */
        List<Near> nearest(String word) {
            int own = words.indexOf(word);
            if (own < 0) {
                throw new IllegalArgumentException("\"" + word + "\" is not in the vocabulary");
            }
            return IntStream.range(0, norms.length)
                    .filter(row -> row != own && !words.get(row).startsWith("[") && !words.get(row).startsWith("#"))
                    .mapToObj(row -> new Near(row, dot(row, own) / (norms[row] * norms[own])))
                    .sorted(Comparator.comparingDouble(Near::cosine).reversed().thenComparingInt(Near::row))
                    .limit(NEAREST)
                    .toList();
        }
    }
}
