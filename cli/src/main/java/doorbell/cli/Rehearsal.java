package doorbell.cli;

/**
 * What packaging has the JVM learn a start from: a node of each store, at once. {@code
 * script/train} asks them and ends them.
 */
final class Rehearsal {
  private Rehearsal() {}

  /** {@code args} name the directory of the store that has one. */
  static void main(String[] args) {
    Thread.ofPlatform().start(() -> serve("memory"));
    serve("rocksdb:" + args[0]);
  }

  private static void serve(String store) {
    System.exit(Main.run("serve", "--listen", "127.0.0.1:0", "--store", store, "--drain", "0s"));
  }
}
