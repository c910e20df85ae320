// Quickstart: waits for what a writer of any language put into the region, and reads it where it lies.

import dev.zinc.SharedRegion;
import java.util.Locale;

/** The program. */
public final class QuickstartReader {
    private QuickstartReader() {}

    public static void main(String[] arguments) throws Exception {
        try (var region = SharedRegion.open("pipeline")) {
            System.out.println("opened");

            long started = System.nanoTime();
            if (!region.await(1000)) {
                throw new IllegalStateException("nobody notified within a second");
            }
            var numbers = region.byteBuffer().asFloatBuffer();

            double waited = (System.nanoTime() - started) / 1e6;
            System.out.printf(
                    Locale.ROOT,
                    "first %s last %s of %d, waited %.3f ms%n",
                    numbers.get(0), numbers.get(numbers.limit() - 1), numbers.limit(), waited);
        }
    }
}
