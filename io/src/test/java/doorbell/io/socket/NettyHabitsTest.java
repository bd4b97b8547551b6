package doorbell.io.socket;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.uring.IoUringIoEvent;
import java.lang.reflect.Field;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Habits of Netty's that it promises to nobody, and that our sockets rely on. */
class NettyHabitsTest {
  /** Netty keeps them to itself, so that the node has a list of its own. */
  @ParameterizedTest
  @CsvSource({"IORING_OP_POLL_ADD, POLL", "IORING_OP_SEND, SEND", "IORING_OP_ASYNC_CANCEL, CANCEL"})
  void theNumbersOfOperationsAreThoseOfTheKernel(String theirs, String ours) throws Exception {
    Class<?> named =
        Class.forName("io.netty.channel.uring.Native", false, getClass().getClassLoader());
    assertThat(constant(UringOps.class, ours)).isEqualTo(constant(named, theirs));
  }

  private static Object constant(Class<?> of, String name) throws Exception {
    Field field = of.getDeclaredField(name);
    field.setAccessible(true);
    return field.get(null);
  }

  @Test
  void aCompletionTellsItsOperation() {
    assertThat(UringOps.isPoll(new IoUringIoEvent(1, 0, (byte) 6, 0L))).isTrue();
    assertThat(UringOps.isPoll(new IoUringIoEvent(1, 0, (byte) 26, 0L))).isFalse();
    assertThat(UringOps.isEnd(new IoUringIoEvent(0x2001, 0, (byte) 6, 0L))).isTrue();
    assertThat(UringOps.isEnd(new IoUringIoEvent(1, 0, (byte) 6, 0L))).isFalse();
  }
}
