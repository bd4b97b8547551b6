package doorbell.access;

import doorbell.access.Setter.Quotas;
import doorbell.access.TokenFile.Line;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The named tokens that may set, from a file that is read again when it changes. Any thread. */
public final class SetTokens {
  private static final Logger LOG = LoggerFactory.getLogger(SetTokens.class);

  /** A token of a name. */
  private record Entry(Credential token, Setter setter) {}

  private final TokenFile file;
  private final long rememberNanos;
  private final LongSupplier nanos;

  /** Lock of the file reading, which may take for ever. */
  private final ReentrantLock reading = new ReentrantLock();

  private volatile List<Entry> entries = List.of();
  private volatile Map<String, Setter> setters = Map.of();

  /** The hash of the text that is in use: the text has no place in memory. */
  private Credential taken;

  /** Reason that the file can't be taken now, as logged; null if it can be taken. */
  private @Nullable String told;

  /**
   * Reads the tokens.
   *
   * @param remember the time for which the store remembers a set
   * @throws IllegalStateException with one sentence if the file can't be used
   */
  public SetTokens(Path file, Duration remember) {
    this(file, remember, System::nanoTime);
  }

  SetTokens(Path file, Duration remember, LongSupplier nanos) {
    this.file = new TokenFile(file);
    this.rememberNanos = remember.toNanos();
    this.nanos = nanos;
    try {
      String text = this.file.text(null);
      take(TokenFile.parse(text));
      taken = Credential.ofToken(text);
    } catch (IOException | RuntimeException e) {
      throw new IllegalStateException(unusable(e), e);
    }
  }

  private String unusable(Throwable why) {
    String reason =
        switch (why) {
          case NoSuchFileException _ -> "there is none";
          case AccessDeniedException _ -> "permission denied";
          default -> String.valueOf(why.getMessage());
        };
    return "can't use the tokens of %s (%s); it has lines of NAME TOKEN, and only the node may"
            .formatted(file.path(), reason)
        + " read it";
  }

  private void take(List<Line> lines) {
    Map<String, Setter> named = new LinkedHashMap<>();
    List<Entry> next = new ArrayList<>();
    for (Line line : lines) {
      Setter setter = named.computeIfAbsent(line.name(), name -> setter(name, line.quotas()));
      next.add(new Entry(line.token(), setter));
    }
    entries = next;
    setters = named;
  }

  /** The setter of a name that was there before, with other quotas perhaps; or a new one. */
  private Setter setter(String name, Quotas quotas) {
    Setter known = setters.get(name);
    Setter setter = known == null ? new Setter(name, quotas, rememberNanos, nanos) : known;
    setter.limit(quotas);
    return setter;
  }

  /** The owner of a token; null if it is none of these. Looks at all tokens in any case. */
  @Nullable Setter find(Credential token) {
    Setter found = null;
    for (Entry entry : entries) {
      found = entry.token.isSame(token) ? entry.setter : found;
    }
    return found;
  }

  /** All names, in the order of the file. */
  public Collection<Setter> setters() {
    return setters.values();
  }

  /**
   * Takes a changed file. One that can't be used leaves the tokens in use, and the log says so
   * once. Reads a file, so no loop may call. A call while another thread reads does nothing.
   */
  public void reload() {
    if (!reading.tryLock()) {
      return;
    }
    try {
      String text = file.text(taken);
      Credential now = Credential.ofToken(text);
      boolean changed = !now.isSame(taken);
      if (changed) {
        take(TokenFile.parse(text));
        taken = now;
      }
      if (changed || told != null) {
        LOG.info("took the tokens of {} again", file.path());
        told = null;
      }
    } catch (Throwable e) { // An exception would end the reloading.
      String why = unusable(e);
      if (!why.equals(told)) {
        LOG.warn("{}; those before stay in use", why);
        told = why;
      }
    } finally {
      reading.unlock();
    }
  }
}
