// Whether a region is owned.

package dev.zinc;

/** Whether somebody owns a region, at the moment when this was asked. */
public enum RegionState {
    /** Its owner is alive. */
    OWNED,
    /** It has no owner and stays until it is removed. */
    PERSISTENT,
    /** Its owner ended without closing it; the next {@code create} of the name takes it over. */
    DEAD;

    /**
     * The state's name in every language, such as {@code owned}.
     *
     * @return the name
     */
    @Override
    public String toString() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
