/** Requests and responses of HTTP, in any version. */
@NullMarked
package doorbell.http;

import org.jspecify.annotations.NullMarked;
