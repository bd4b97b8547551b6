package doorbell.store;

import static org.assertj.core.api.Assertions.assertThat;

import doorbell.event.StoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A store whose manifest and log have any entries, with the right checksums, is taken or refused in
 * a sentence. The input is how many entries are the manifest's, and entries as {@link
 * RecordLogFuzz} has them.
 */
public final class InspectionFuzz {
  private static final Path STORE = store();
  private static final Path MANIFEST = STORE.resolve("MANIFEST-000005");
  private static final Path LOG = STORE.resolve("000004.log");

  private InspectionFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    if (data.length == 0) {
      return;
    }
    List<byte[]> entries = RecordLogFuzz.entries(Arrays.copyOfRange(data, 1, data.length));
    int edits = Math.min(data[0] & 0xff, entries.size());
    Files.write(MANIFEST, RecordLogFuzz.log(entries.subList(0, edits), new ArrayList<>()));
    Files.write(LOG, RecordLogFuzz.log(entries.subList(edits, entries.size()), new ArrayList<>()));
    try {
      Inspection.inspect(STORE);
    } catch (StoreException e) {
      assertThat(e.getMessage()).startsWith(STORE.toString()).doesNotContain("\n");
    }
  }

  private static Path store() {
    try {
      Path store = Files.createTempDirectory("inspected");
      store.toFile().deleteOnExit();
      Files.writeString(store.resolve(Inspection.CURRENT), "MANIFEST-000005\n");
      for (String name : List.of(Inspection.CURRENT, "MANIFEST-000005", "000004.log")) {
        store.resolve(name).toFile().deleteOnExit();
      }
      return store;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
