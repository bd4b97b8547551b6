/** Endpoints over Netty's channels, and channels over endpoints. */
@NullMarked
package doorbell.io.netty;

import org.jspecify.annotations.NullMarked;
