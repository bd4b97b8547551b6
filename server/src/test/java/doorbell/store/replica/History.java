package doorbell.store.replica;

import doorbell.event.EventId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What clients of nodes asked and heard, and what of it breaks a promise. State that only grows
 * needs no search: each answer is judged by what had begun, and what was acknowledged, before.
 */
public final class History {
  /** How a client asks. */
  public enum Kind {
    /** Held until the event is set, or its time is over. */
    WAIT,

    /** Answered as things stand. */
    ASK
  }

  /** A client's question, from its beginning to its answer. */
  public final class Question {
    private final EventId id;
    private final Kind kind;
    private final boolean wasAcknowledged;
    private boolean isOver;

    private Question(EventId id, Kind kind) {
      this.id = id;
      this.kind = kind;
      this.wasAcknowledged = acknowledged.contains(id);
    }

    public EventId id() {
      return id;
    }

    public boolean isOver() {
      return isOver;
    }
  }

  private final Set<EventId> begun = new HashSet<>();
  private final Set<EventId> acknowledged = new LinkedHashSet<>();
  private final Map<EventId, Integer> firsts = new HashMap<>();
  private final List<Question> open = new ArrayList<>();
  private final List<String> faults = new ArrayList<>();
  private int answers;

  public synchronized void setBegins(EventId id) {
    begun.add(id);
  }

  /** The set is answered 201 or 200. */
  public synchronized void setIsAnswered(EventId id, boolean first) {
    acknowledged.add(id);
    answers++;
    if (first && firsts.merge(id, 1, Integer::sum) > 1) {
      faults.add(id + " has two first setters");
    }
  }

  public synchronized Question begins(EventId id, Kind kind) {
    Question question = new Question(id, kind);
    open.add(question);
    return question;
  }

  /** The question is answered 200 or 204; null for 503, which says nothing. */
  public synchronized void ends(Question question, @Nullable Boolean isSet) {
    open.remove(question);
    question.isOver = true;
    if (isSet != null) {
      answers++;
      judge(question, isSet);
    }
  }

  private void judge(Question question, boolean isSet) {
    if (isSet && !begun.contains(question.id)) {
      faults.add(question.id + " is called set, and nobody set it");
    }
    if (!isSet && question.wasAcknowledged) {
      faults.add(question.id + " is called unset after its set was acknowledged");
    }
  }

  /** All is healed, and the time of a notification has passed: nobody may wait for what is set. */
  public synchronized void checkRest() {
    for (Question question : open) {
      if (question.kind == Kind.WAIT && acknowledged.contains(question.id)) {
        faults.add("a wait for " + question.id + " sleeps on, though its set was acknowledged");
      }
    }
  }

  /** The events whose sets were acknowledged so far. */
  public synchronized List<EventId> acknowledged() {
    return List.copyOf(acknowledged);
  }

  /** Waits that have no answer, for events whose sets were acknowledged. */
  public synchronized long late() {
    return open.stream().filter(question -> acknowledged.contains(question.id)).count();
  }

  public synchronized List<String> faults() {
    return List.copyOf(faults);
  }

  /** Answers that were judged. */
  public synchronized int answers() {
    return answers;
  }
}
