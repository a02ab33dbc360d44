package io.patchkit.onnx.decode;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.GenerationOptions;
import io.patchkit.onnx.text.HuggingFaceTokenizer;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a stream holds, and for how long. */
class GenerationStreamTest {

  private static final Path FOLDER = Path.of("src/test/resources/cases/llama-gqa");
  private static final int[] PROMPT = {3, 4, 5};

  private final DecoderSession session = SmallEngine.session(FOLDER, 16);
  private final HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(FOLDER);

  @AfterEach
  void close() {
    session.close();
    tokenizer.close();
  }

  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void anAbandonedStreamHoldsNothing() throws InterruptedException {
    readAPieceOfEach(3);
    while (!session.openStates().isEmpty()) {
      System.gc();
      Thread.sleep(5);
    }
  }

  private void readAPieceOfEach(int streams) {
    for (int i = 0; i < streams; i++) {
      assertThat(stream().iterator().next()).isNotEmpty();
      assertThat(session.openStates()).isNotEmpty();
    }
  }

  /** Nobody refers to the stream but its iterator. */
  @Test
  void aStreamInUseKeepsItsState() {
    StringBuilder expected = new StringBuilder();
    stream().iterator().forEachRemaining(expected::append);
    StringBuilder text = new StringBuilder();
    Iterator<String> pieces = stream().iterator();
    while (pieces.hasNext()) {
      System.gc();
      text.append(pieces.next());
    }
    assertThat(text.toString()).isEqualTo(expected.toString());
    assertThat(session.openStates()).isEmpty();
  }

  private GenerationStream stream() {
    TextGeneration.Request how =
        new TextGeneration.Request(
            GenerationOptions.defaults().withMaxNewTokens(30),
            Set.of(),
            0,
            session.layout().vocabularySize(),
            false);
    EncodedPrefix none = EncodedPrefix.empty(session.layout().slots().size());
    return new GenerationStream(
        () -> session.open(none, PROMPT.length),
        new TextGeneration(PROMPT, how, tokenizer, System::nanoTime),
        Ending.untold());
  }
}
