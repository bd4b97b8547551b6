/** Event variables, who waits for them, and the seam to what remembers them. Pure Java. */
@org.jspecify.annotations.NullMarked
package doorbell.event;
