package doorbell.store.postgres;

import doorbell.event.StoreException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLWarning;

/** What is wrong with a PostgreSQL, in one sentence that says what to do. */
final class PostgresFault {
  /** Codes of the server's errors, SQLSTATE. */
  private static final String STANDBY = "25006";

  private static final String LOCKED = "55P03";
  private static final String DEADLOCK = "40P01";
  private static final String CANCELED = "57014";
  private static final String NO_PASSWORD = "08004";
  private static final String WRONG_PASSWORD = "28P01";
  private static final String NOT_LET_IN = "28000";
  private static final String NO_DATABASE = "3D000";
  private static final String NO_RIGHT = "42501";
  private static final String NO_TABLE = "42P01";
  private static final String NO_FUNCTION = "42883";
  private static final String NO_SCHEMA = "3F000";
  private static final String FULL_DISK = "53100";
  private static final String TOO_MANY = "53300";
  private static final String STARTING = "57P03";

  /** Classes of codes: the connection has ended, or the server ends. */
  private static final String CONNECTION = "08";

  private static final String OPERATOR = "57P";

  /**
   * Where the server warns of a commit that no longer waits for its standby: the code is any
   * warning's, and the text may be translated.
   */
  private static final String STANDBY_WAIT = "SyncRepWaitForLSN";

  private PostgresFault() {}

  /** True if the server has answered, with an error that another connection would meet too. */
  static boolean isAnswer(Throwable failure) {
    String code = code(failure);
    return !code.isEmpty()
        && !code.startsWith(CONNECTION)
        && !code.startsWith(OPERATOR)
        && !code.equals(STANDBY);
  }

  /** True if the server takes no sets, since it copies another. */
  static boolean isStandby(Throwable failure) {
    return code(failure).equals(STANDBY);
  }

  /** True if a commit no longer waited for its standby. */
  static boolean isUnconfirmed(Throwable failure) {
    return find(failure) instanceof PSQLWarning warning
        && STANDBY_WAIT.equals(warning.getServerErrorMessage().getRoutine());
  }

  /** True if another transaction has the row. */
  static boolean isLocked(Throwable failure) {
    return List.of(LOCKED, DEADLOCK, CANCELED).contains(code(failure));
  }

  /** The failure of a start that no waiting helps; null if the server may be there later. */
  static @Nullable StoreException refusal(PostgresAddress at, Throwable failure) {
    return switch (code(failure)) {
      case NO_PASSWORD,
          WRONG_PASSWORD,
          NOT_LET_IN,
          NO_DATABASE,
          NO_RIGHT,
          NO_TABLE,
          NO_FUNCTION,
          NO_SCHEMA ->
          new StoreException(sentence(at, failure), failure);
      default -> null;
    };
  }

  static String sentence(PostgresAddress at, Throwable failure) {
    String name = "the PostgreSQL at " + at;
    if (isUnconfirmed(failure)) {
      return name
          + " waits for a standby that confirms no sets ("
          + text(failure)
          + "); bring it back, or take it out of synchronous_standby_names";
    }
    return switch (code(failure)) {
      case NO_PASSWORD -> name + " asks for a password; give --store-password-file";
      case WRONG_PASSWORD ->
          name + " refuses the password; correct --store-password-file, and the user in --store";
      case NOT_LET_IN -> name + " doesn't let this user in (" + text(failure) + ")";
      case NO_DATABASE -> name + " is not there; create the database, or correct --store";
      case NO_RIGHT ->
          name
              + " lets this user do too little ("
              + text(failure)
              + "); grant the node's role to it:"
              + " docs/postgresql.md";
      case NO_TABLE, NO_FUNCTION, NO_SCHEMA ->
          name + " has no table of events; make it by: doorbell store init --store URL";
      case STANDBY ->
          name
              + " takes no sets, as a standby, or a database that may only be read; name the"
              + " primary in --store, or let it write";
      case TOO_MANY ->
          name
              + " has no connection left for this node; raise max_connections, or the role's"
              + " CONNECTION LIMIT";
      case STARTING -> name + " starts or ends; it will answer by itself";
      case FULL_DISK -> name + " has no room on its disk for sets; make some";
      default ->
          isAnswer(failure)
              ? name + " answers an error: " + text(failure)
              : name + " can't be reached (" + reason(failure) + "); start it, or correct --store";
    };
  }

  /** The same where the table is to be made. */
  static String ofInit(PostgresAddress at, Throwable failure) {
    return code(failure).equals(NO_RIGHT)
        ? "the PostgreSQL at "
            + at
            + " lets this user do too little ("
            + text(failure)
            + "); ask by its owner or a superuser, or have one run what --print prints"
        : sentence(at, failure);
  }

  private static String reason(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      switch (cause) {
        case ConnectException _ -> {
          return "connection refused";
        }
        case UnknownHostException _ -> {
          return "its host is unknown here";
        }
        case SocketTimeoutException _ -> {
          return "no answer in time";
        }
        default -> {}
      }
    }
    return "no connection";
  }

  /** The first line of what the server says. */
  static String text(Throwable failure) {
    SQLException error = find(failure);
    String all = error == null ? String.valueOf(failure) : String.valueOf(error.getMessage());
    return all.lines().findFirst().orElse("").replaceFirst("^(ERROR|FATAL|WARNING): ", "");
  }

  private static String code(Throwable failure) {
    SQLException error = find(failure);
    return error == null || error.getSQLState() == null ? "" : error.getSQLState();
  }

  private static @Nullable SQLException find(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException error) {
        return error;
      }
    }
    return null;
  }
}
