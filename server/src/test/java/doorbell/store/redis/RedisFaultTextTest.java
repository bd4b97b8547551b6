package doorbell.store.redis;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.RedisCommandExecutionException;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What servers of several versions answer, in sentences. */
class RedisFaultTextTest {
  private static final RedisAddress AT = RedisAddress.parseAll("redis://a").getFirst();

  /** Redis 6.2 has its code within what it says of the script. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "READONLY You can't write against a read only replica. script: f1, on @user_script:12.;"
            + " is a copy",
        "ERR Error running script (call to f_1): @user_script:12: @user_script: 12: -READONLY You"
            + " can't write against a read only replica.; is a copy",
        "ERR Error running script (call to f_1): @user_script:12: @user_script: 12: -OOM command"
            + " not allowed when used memory > 'maxmemory'.; has no memory for sets",
        "ERR Error running script (call to f_1): @user_script:1: @user_script: 1: -MASTERDOWN Link"
            + " with MASTER is down and replica-serve-stale-data is set to 'no'.; is a copy",
        "LOADING Redis is loading the dataset in memory; will answer by itself",
        "ERR something else; answers an error: ERR something else"
      })
  void anErrorIsFoundWhereverItsCodeStands(String answer, String sentence) {
    assertThat(RedisFault.sentence(AT, new RedisCommandExecutionException(answer)))
        .contains(sentence);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "NOPERM this user has no permissions to run the 'evalsha' command",
        "ERR The user executing the script can't run this command or subcommand script: 1, on"
            + " @user_script:1.",
        "ERR ACL failure in script: User a has no permissions to run the 'time' command script: 1,"
            + " on @user_script:1.",
        "ERR Error running script (call to f_1): @user_script:9: @user_script: 9: The user"
            + " executing the script can't access at least one of the keys mentioned in the command"
            + " arguments"
      })
  void aRightThatLacksIsToldHoweverItIsWorded(String answer) {
    assertThat(
            requireNonNull(RedisFault.refusal(AT, new RedisCommandExecutionException(answer)))
                .getMessage())
        .contains("lets this user do too little");
  }

  @Test
  void anotherServerMayBeRightWhereThisOneTakesNoSets() {
    for (String code : new String[] {"READONLY", "NOREPLICAS", "MASTERDOWN", "OOM"}) {
      String inScript = "ERR Error running script (call to f): @user_script: 1: -" + code + " text";
      Throwable failure = new RedisCommandExecutionException(inScript);
      assertThat(RedisFault.isAlone(failure)).isEqualTo(Objects.equals(code, "NOREPLICAS"));
      assertThat(RedisFault.isCopy(failure))
          .isEqualTo(List.of("READONLY", "MASTERDOWN").contains(code));
    }
  }
}
