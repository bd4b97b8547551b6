/** Endpoints that are bare sockets, in an epoll set or an io_uring. Linux only. */
@NullMarked
package doorbell.io.socket;

import org.jspecify.annotations.NullMarked;
