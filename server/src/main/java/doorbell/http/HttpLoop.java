package doorbell.http;

import static java.nio.charset.StandardCharsets.US_ASCII;

import doorbell.access.Access;
import doorbell.io.IoLoop;
import doorbell.wait.WaitLoop;
import io.netty.buffer.ByteBufAllocator;
import java.time.InstantSource;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import org.jspecify.annotations.Nullable;

/** State that the connections of a loop share, in any version of HTTP. */
public class HttpLoop {
  private static final String DAYS = "MonTueWedThuFriSatSun";
  private static final String MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";

  public final IoLoop io;
  public final WaitLoop waits;

  /** Replaced on the loop's thread when the node takes other options. */
  public HttpOptions options;

  /** Rules of who may set, and of which ids; null if all is open. */
  public final @Nullable Access access;

  /** The allocator for buffers of responses, which the kernel soon takes. */
  public final ByteBufAllocator answers = ByteBufAllocator.DEFAULT;

  private final InstantSource clock;
  private long dateSecond = Long.MIN_VALUE;
  private String date = "";
  private byte[] dateField = {};

  public HttpLoop(
      WaitLoop waits, HttpOptions options, @Nullable Access access, InstantSource clock) {
    this.io = waits.io;
    this.waits = waits;
    this.options = options;
    this.access = access;
    this.clock = clock;
  }

  /** The date of a response that is made now. */
  public final String date() {
    long second = Math.floorDiv(clock.millis(), 1_000);
    if (second != dateSecond) {
      dateSecond = second;
      date = date(second);
      dateField = ("Date: " + date + "\r\n").getBytes(US_ASCII);
    }
    return date;
  }

  /** The date as a header line of HTTP/1.1. */
  public final byte[] dateField() {
    date();
    return dateField;
  }

  /** A date as in RFC 9110, 5.6.7. Formatters would read the locale's data for the words. */
  static String date(long second) {
    LocalDateTime date = LocalDateTime.ofEpochSecond(second, 0, ZoneOffset.UTC);
    StringBuilder text = new StringBuilder(word(DAYS, date.getDayOfWeek().getValue()));
    twoDigits(text.append(", "), date.getDayOfMonth());
    text.append(' ').append(word(MONTHS, date.getMonthValue())).append(' ').append(date.getYear());
    twoDigits(text.append(' '), date.getHour());
    twoDigits(text.append(':'), date.getMinute());
    twoDigits(text.append(':'), date.getSecond());
    return text.append(" GMT").toString();
  }

  private static String word(String words, int which) {
    return words.substring(3 * which - 3, 3 * which);
  }

  private static void twoDigits(StringBuilder field, int number) {
    field.append((char) ('0' + number / 10)).append((char) ('0' + number % 10));
  }
}
