package doorbell.admin;

import doorbell.access.SetTokens;
import doorbell.event.EventTable;
import doorbell.io.Budget;
import doorbell.wait.WaitLoop;
import doorbell.wait.WaitQuota;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A node as its admin port sees it.
 *
 * @param tokens the tokens that may set; null if none is needed
 * @param mostClients the number of connections that the node takes at a time
 * @param hasFailed true once the node can't go on
 */
public record Node(
    List<WaitLoop> loops,
    EventTable table,
    WaitQuota quota,
    Budget budget,
    @Nullable SetTokens tokens,
    int mostClients,
    BooleanSupplier hasFailed,
    About about) {

  /**
   * What a node is, in words.
   *
   * @param store the kind of the store alone: its folder is nobody's business
   */
  public record About(String version, String store, String transport) {
    /** The kind of the store that writes nothing down. */
    public static final String MEMORY = "memory";
  }
}
