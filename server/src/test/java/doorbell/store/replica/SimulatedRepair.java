package doorbell.store.replica;

import doorbell.event.EventId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.Random;

/** Fills a server that lost its sets from others, some ids at a time. */
final class SimulatedRepair {
  private static final int IDS_OF_A_STEP = 3;

  private final SimulatedServer target;
  private final Queue<SimulatedServer> sources;
  private final Queue<EventId> page = new ArrayDeque<>();
  private final int losses;
  private final Random random;

  SimulatedRepair(SimulatedServer target, List<SimulatedServer> sources, Random random) {
    this.target = target;
    this.sources = new ArrayDeque<>(sources);
    this.losses = target.losses();
    this.random = random;
  }

  /** Does the next step; true if there is none left. What a source gets later is not seen. */
  boolean step() {
    if (target.paused) {
      return false;
    }
    if (!page.isEmpty()) {
      for (int i = 0; i < IDS_OF_A_STEP && !page.isEmpty(); i++) {
        target.add(page.remove());
      }
      return false;
    }
    SimulatedServer source = sources.poll();
    if (source != null) {
      List<EventId> all = new ArrayList<>(source.sets());
      Collections.shuffle(all, random);
      page.addAll(all);
      return false;
    }
    target.isFilledNow();
    return true;
  }

  /** False if a server has lost its sets since this began. */
  boolean holds() {
    return target.losses() == losses;
  }
}
