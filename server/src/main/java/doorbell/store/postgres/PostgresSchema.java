package doorbell.store.postgres;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import doorbell.event.StoreException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.regex.Pattern;

/** The table of a store in PostgreSQL, and the functions for applications. */
public final class PostgresSchema {
  /** The first version that numbers transactions without beginning anew. */
  private static final int LEAST_VERSION = 13;

  private static final Pattern PREFIXES = Pattern.compile("[a-z_][a-z0-9_]{0,30}");

  private PostgresSchema() {}

  /** Refuses a prefix that can't begin the names of a table and of functions. */
  public static void checkPrefix(String prefix) {
    if (!PREFIXES.matcher(prefix).matches()) {
      throw new IllegalArgumentException(
          "the prefix begins names in PostgreSQL, so it has up to 31 letters in lower case, digits"
              + " and _, not '"
              + prefix
              + "'; choose another --store-prefix");
    }
  }

  /** The SQL that makes all, or brings it up to date. */
  public static String sql(String schema, String prefix) {
    checkPrefix(prefix);
    try (InputStream text = PostgresSchema.class.getResourceAsStream("init.sql")) {
      return new String(requireNonNull(text).readAllBytes(), UTF_8)
          .replace("${schema}", '"' + schema + '"')
          .replace("${prefix}", prefix);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Makes all.
   *
   * @throws StoreException if the database can't be reached, or refuses; nothing is changed then
   */
  public static void create(PostgresAddress address, String prefix) {
    String sql = sql(address.schema(), prefix);
    try (Connection database = PostgresSessions.connect(address);
        Statement statement = database.createStatement()) {
      int version = database.getMetaData().getDatabaseMajorVersion();
      if (version < LEAST_VERSION) {
        throw new StoreException(
            "the PostgreSQL at " + address + " is version " + version + "; 13 or later is needed");
      }
      statement.execute(sql);
    } catch (SQLException e) {
      throw new StoreException(PostgresFault.ofInit(address, e), e);
    }
  }
}
