/** Measurements; the races are among the tests. */
@org.jspecify.annotations.NullMarked
package doorbell.bench;
