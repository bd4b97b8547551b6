package doorbell.io.tls;

import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * A handshake in memory, with a JDK client that trusts everybody: only a handshake tells if a
 * certificate is of use.
 */
final class Handshake {
  /**
   * Limit of the steps: each step moves bytes or the end has come, and a handshake takes about ten.
   */
  private static final int MOST_STEPS = 100;

  private final SSLEngine server;
  private final SSLEngine client;
  private final ByteBuffer toServer;
  private final ByteBuffer toClient;
  private final ByteBuffer plain;

  private Handshake(SSLEngine server, SSLEngine client) {
    this.server = server;
    this.client = client;
    int packet =
        Math.max(
            server.getSession().getPacketBufferSize(), client.getSession().getPacketBufferSize());
    toServer = ByteBuffer.allocate(2 * packet).limit(0);
    toClient = ByteBuffer.allocate(2 * packet).limit(0);
    plain = ByteBuffer.allocate(2 * packet);
  }

  /**
   * @throws SSLException if the handshake fails
   */
  static void with(SslContext context) throws IOException {
    SSLEngine server = context.newEngine(UnpooledByteBufAllocator.DEFAULT);
    try {
      SSLContext trusting = SSLContext.getInstance("TLS");
      trusting.init(null, new TrustManager[] {new Trusting()}, null);
      SSLEngine client = trusting.createSSLEngine();
      client.setUseClientMode(true);
      new Handshake(server, client).run();
    } catch (GeneralSecurityException e) {
      throw new SSLException(e);
    } finally {
      ReferenceCountUtil.release(server);
    }
  }

  private void run() throws SSLException {
    client.beginHandshake();
    server.beginHandshake();
    for (int step = 0; step < MOST_STEPS; step++) {
      move(client, toClient, toServer);
      move(server, toServer, toClient);
      if (isOver(client) && isOver(server)) {
        return;
      }
    }
    throw new SSLException("the handshake doesn't end");
  }

  private static boolean isOver(SSLEngine engine) {
    return engine.getHandshakeStatus() == HandshakeStatus.NOT_HANDSHAKING
        && !engine.getSession().getProtocol().equals("NONE");
  }

  private void move(SSLEngine engine, ByteBuffer in, ByteBuffer out) throws SSLException {
    runTasks(engine);
    // Unwraps without bytes too: OpenSSL's engine may hold all bytes, and look only then.
    if (in.hasRemaining() || engine.getHandshakeStatus() == HandshakeStatus.NEED_UNWRAP) {
      engine.unwrap(in, plain.clear());
      runTasks(engine);
    }
    if (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
      out.compact();
      engine.wrap(ByteBuffer.allocate(0), out);
      out.flip();
      runTasks(engine);
    }
  }

  private static void runTasks(SSLEngine engine) {
    for (Runnable task = engine.getDelegatedTask(); task != null; ) {
      task.run();
      task = engine.getDelegatedTask();
    }
  }

  /** Trusts everybody, since the certificate is the node's own. */
  private static final class Trusting extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
