/** HTTP/1.1: connections, decoder and encoder. */
@NullMarked
package doorbell.http1;

import org.jspecify.annotations.NullMarked;
