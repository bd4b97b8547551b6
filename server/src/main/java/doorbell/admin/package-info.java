/**
 * The second port of a node, for who runs it: figures, health, a dashboard. A node without this
 * port loads none of it.
 */
@NullMarked
package doorbell.admin;

import org.jspecify.annotations.NullMarked;
