// The numbers of users and groups.

package dev.zinc;

/** Checks users' and groups' numbers. */
final class Ids {
    private static final long LARGEST = 0xffff_ffffL;

    private Ids() {}

    static long check(long id) {
        if (id < 0 || id > LARGEST) {
            throw new IllegalArgumentException(id + " is the number of no user or group");
        }
        return id;
    }
}
