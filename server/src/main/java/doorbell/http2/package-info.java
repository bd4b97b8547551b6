/** HTTP/2: connections over Netty's codec, and a stream for each request. */
@NullMarked
package doorbell.http2;

import org.jspecify.annotations.NullMarked;
