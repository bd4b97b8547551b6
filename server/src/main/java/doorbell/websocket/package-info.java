/** WebSocket: many waits and sets on one connection, a line in each message. */
@NullMarked
package doorbell.websocket;

import org.jspecify.annotations.NullMarked;
