/** Requests and responses of HTTP, whatever version carries them. */
@NullMarked
package doorbell.http;

import org.jspecify.annotations.NullMarked;
