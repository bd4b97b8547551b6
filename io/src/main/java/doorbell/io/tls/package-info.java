/** TLS over any endpoint, and the certificate's files. */
@NullMarked
package doorbell.io.tls;

import org.jspecify.annotations.NullMarked;
