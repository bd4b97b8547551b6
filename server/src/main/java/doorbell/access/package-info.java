/** Who may set: policies, named tokens, their quotas and counts. */
@NullMarked
package doorbell.access;

import org.jspecify.annotations.NullMarked;
