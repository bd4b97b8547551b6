package doorbell.io;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Nested;

/** The contract over each engine that this machine has. */
class EndpointContractTest {
  private static EndpointContract.Engine real(Transport transport, ProtocolFactory protocols) {
    assumeTrue(transport.unavailability() == null, () -> "there is no " + transport + " here");
    return new RealEngine(transport, protocols);
  }

  @Nested
  class OverIoUring extends EndpointContract {
    @Override
    Engine engine(ProtocolFactory protocols) {
      return real(Transport.IO_URING, protocols);
    }
  }

  @Nested
  class OverEpoll extends EndpointContract {
    @Override
    Engine engine(ProtocolFactory protocols) {
      return real(Transport.EPOLL, protocols);
    }
  }

  @Nested
  class OverNio extends EndpointContract {
    @Override
    Engine engine(ProtocolFactory protocols) {
      return real(Transport.NIO, protocols);
    }
  }

  @Nested
  class InMemoryAsInAnIoUring extends EndpointContract {
    @Override
    Engine engine(ProtocolFactory protocols) {
      return new MemoryEngine(true, protocols);
    }
  }

  @Nested
  class InMemoryAsInAnEpollSet extends EndpointContract {
    @Override
    Engine engine(ProtocolFactory protocols) {
      return new MemoryEngine(false, protocols);
    }
  }
}
