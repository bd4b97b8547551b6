/**
 * The Doorbell client: {@link doorbell.client.Doorbell} waits for event variables and sets them.
 */
@NullMarked
package doorbell.client;

import org.jspecify.annotations.NullMarked;
