// Quickstart: puts a model's output into a region and tells whoever is waiting, in whatever language it is written.
//
// The "model" is a number typed on standard input, so that a reader can be started before or after it is there.

import dev.zinc.SharedRegion;
import java.io.BufferedReader;
import java.io.InputStreamReader;

/** The program. */
public final class QuickstartWriter {
    private QuickstartWriter() {}

    public static void main(String[] arguments) throws Exception {
        var in = new BufferedReader(new InputStreamReader(System.in));
        try (var region = SharedRegion.create("pipeline", 64 * 1024 * 1024)) {
            System.out.println("created");

            float modelOutput = Float.parseFloat(in.readLine());
            var floats = region.byteBuffer().asFloatBuffer(); // a view of the shared memory, not a copy
            while (floats.hasRemaining()) {
                floats.put(modelOutput);
            }
            region.signal(); // what other languages call notify
            System.out.println("notified");

            in.readLine(); // the region is gone when its owner ends: stay until told
        }
    }
}
