/** HTTP/1.1: connections, their decoder and their encoder. */
@NullMarked
package doorbell.http1;

import org.jspecify.annotations.NullMarked;
