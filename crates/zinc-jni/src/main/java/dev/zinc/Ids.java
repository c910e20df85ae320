// The numbers that options are given: users, groups and permission bits.

package dev.zinc;

/** Checks numbers for which the core has no word, as it has none for negative ones. */
final class Ids {
    private static final long LARGEST = 0xffff_ffffL;

    private Ids() {}

    /** A user's or a group's. */
    static long check(String option, long id) {
        if (id < 0 || id > LARGEST) {
            var why = "the argument id is " + id + "; give a number from 0 to " + LARGEST;
            throw new InvalidArgumentException(ZincException.Details.of(option, null, why));
        }
        return id;
    }

    /** Permission bits. Which of them mean something is the core's affair. */
    static long bits(String option, int bits) {
        if (bits < 0) {
            var why = "the argument bits is " + bits + "; give permission bits, such as 0600";
            throw new InvalidArgumentException(ZincException.Details.of(option, null, why));
        }
        return bits;
    }
}
