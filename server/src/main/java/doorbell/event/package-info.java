/** Event variables, the waiters, and the seam to the store. Pure Java. */
@org.jspecify.annotations.NullMarked
package doorbell.event;
