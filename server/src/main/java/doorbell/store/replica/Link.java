package doorbell.store.replica;

import doorbell.event.EventId;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The connections to the server of a replica, which are used until one of them ends, and then made
 * anew: so nothing that a server forgets with a connection is missed. Any thread may call, and
 * nothing blocks.
 */
public interface Link {
  /** Who is told of sets, and once of the end. Called on any thread. */
  interface Owner {
    /** The event was set, by whichever node. */
    void onSet(EventId id, long spreadMillis);

    /** Sets may have been missed, though the connection stays. */
    void onGap();

    /** The link has ended: {@code why}, or by the server if that is null. */
    void onEnd(Link ended, @Nullable Throwable why);
  }

  Batches sets();

  Batches looks();

  /** True once a connection has ended, before the owner is told. */
  boolean hasEnded();

  /** Ends all connections, once; calls that have no answer fail. Completes when all is closed. */
  CompletableFuture<Void> close();
}
