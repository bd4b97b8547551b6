/** The client that proxies name in the header fields of a request. */
@NullMarked
package doorbell.http.forwarded;

import org.jspecify.annotations.NullMarked;
