/** HTTP/1.1 on Netty: one connection, one wait. */
@NullMarked
package doorbell.http;

import org.jspecify.annotations.NullMarked;
