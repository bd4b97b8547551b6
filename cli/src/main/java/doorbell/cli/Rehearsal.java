package doorbell.cli;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;

/**
 * What packaging has the JVM learn a start from: a node of each store, at once. {@code
 * script/train} asks them and ends them.
 */
final class Rehearsal {
  private Rehearsal() {}

  /** {@code args} name the directory of the store that has one, or else a page to ask for. */
  static void main(String[] args) throws IOException {
    if (args[0].startsWith("http:")) {
      try (InputStream page = URI.create(args[0]).toURL().openStream()) {
        page.readAllBytes();
      }
      return;
    }
    Thread.ofPlatform().start(() -> serve("memory"));
    serve("rocksdb:" + args[0]);
  }

  private static void serve(String store) {
    System.exit(Main.run("serve", "--listen", "127.0.0.1:0", "--store", store, "--drain", "0s"));
  }
}
