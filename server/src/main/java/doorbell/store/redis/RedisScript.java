package doorbell.store.redis;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.async.RedisAsyncCommands;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/**
 * A script that Redis runs as one command. Each answer begins with a letter for the mark, a key
 * without which sets may have been lost: c if the server counts, l if it will later, m if the mark
 * is missing. Then comes a digit for each id, where nothing else is said.
 */
enum RedisScript {
  /** Sets ids with an expiry, anew if they were set, and tells all nodes: 1 for a new id. */
  SET(
      """
      for i = 2, #KEYS do
        answer[i] = redis.call('SET', KEYS[i], '1', 'PX', ARGV[1], 'GET') and '0' or '1'
      end
      for i = 2, #ARGV, 2 do
        redis.call('PUBLISH', ARGV[i], ARGV[i + 1])
      end
      """),

  /** Looks ids up: 1 for one that is set. */
  LOOK(
      """
      local found = redis.call('MGET', unpack(KEYS))
      for i = 2, #KEYS do
        answer[i] = found[i] and '1' or '0'
      end
      """),

  /** Makes the mark, unless there is one: the server counts after a time in milliseconds. */
  MARK(
      """
      if not mark then
        local from = '0'
        if ARGV[1] ~= '0' then
          from = tostring(now() + tonumber(ARGV[1])) -- exact up to 14 digits
        end
        redis.call('SET', KEYS[1], from)
        answer[1] = from == '0' and 'c' or 'l'
      end
      """),

  /** Reads a page of keys: the next cursor, then each key and its milliseconds, a line each. */
  PAGE(
      """
      local page = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', ARGV[3])
      answer[2] = page[1]
      for _, key in ipairs(page[2]) do
        answer[#answer + 1] = '\\n' .. key .. '\\n' .. redis.call('PTTL', key)
      end
      """),

  /** Adds keys to a server whose mark is still that one, and none is there for a shorter time. */
  FILL(
      """
      if mark == ARGV[1] then
        redis.call('SET', KEYS[2], '1', 'PX', ARGV[2])
        for i = 3, #KEYS do
          local has = redis.call('PTTL', KEYS[i])
          if has ~= -1 and has < tonumber(ARGV[i]) then
            redis.call('SET', KEYS[i], '1', 'PX', ARGV[i])
          end
        end
        answer[2] = '1'
      end
      """),

  /** Has a server count, whose mark is still that one. */
  COUNT(
      """
      if mark == ARGV[1] then
        redis.call('SET', KEYS[1], '0')
        answer[1] = 'c'
      end
      """);

  static final char COUNTS = 'c';
  static final char LATER = 'l';
  static final char MISSING = 'm';

  /** Stands for the mark of a server that doesn't answer. */
  static final char UNKNOWN = '-';

  private static final String BEGIN =
      """
      local function now()
        local time = redis.call('TIME')
        return time[1] * 1000 + math.floor(time[2] / 1000)
      end
      local mark = redis.call('GET', KEYS[1])
      local answer = {'m'}
      if mark then
        answer[1] = (mark == '0' or tonumber(mark) <= now()) and 'c' or 'l'
      end
      """;

  private final String text;
  private final String digest;

  RedisScript(String middle) {
    text = BEGIN + middle + "return table.concat(answer)\n";
    digest = sha1(text);
  }

  private static String sha1(String text) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-1").digest(text.getBytes(ISO_8859_1));
      return HexFormat.of().formatHex(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-1", e);
    }
  }

  /** Runs the script; a server that has forgotten it gets its text. */
  CompletionStage<byte[]> run(
      RedisAsyncCommands<byte[], byte[]> redis, byte[][] keys, byte[]... arguments) {
    return redis
        .<byte[]>evalsha(digest, ScriptOutputType.VALUE, keys, arguments)
        .exceptionallyCompose(
            failure ->
                isForgotten(failure)
                    ? redis.eval(text, ScriptOutputType.VALUE, keys, arguments)
                    : CompletableFuture.failedStage(failure));
  }

  private static boolean isForgotten(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    return cause instanceof RedisNoScriptException;
  }
}
