package doorbell;

import doorbell.fuzz.Corpus;
import java.io.IOException;
import java.net.URISyntaxException;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** What fuzzers once sent, without a fuzzer. */
class CorpusTest {
  @TestFactory
  List<DynamicTest> allOfTheCorpusIsTaken() throws IOException, URISyntaxException {
    return Corpus.of(CorpusTest.class);
  }
}
