/** Proxies before a node: which are trusted, and the clients that they speak for. */
@NullMarked
package doorbell.io.proxy;

import org.jspecify.annotations.NullMarked;
