/** The Doorbell client. {@link doorbell.client.Doorbell} waits for and sets event variables. */
@NullMarked
package doorbell.client;

import org.jspecify.annotations.NullMarked;
