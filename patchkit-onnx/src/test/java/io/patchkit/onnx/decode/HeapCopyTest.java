package io.patchkit.onnx.decode;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.EngineException;
import io.patchkit.onnx.runtime.JavaProcess;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Keys and values that do not fit on the heap fail a pass, and the batch can go on. */
class HeapCopyTest {

  private static final int HEAD_DIM = 16;

  /** Copies more than the heap holds: a prefix, and the rows of a batch that one more joins. */
  static final class LargerThanTheHeap {

    private LargerThanTheHeap() {}

    public static void main(String... args) {
      try (DecoderSession session = SmallEngine.session(Path.of(args[0]), HEAD_DIM)) {
        try (DecodeState large = row(session, 40 << 20)) {
          attempt("a prefix", large::snapshot);
        }
        PaddedBatchKeyValues batch =
            new PaddedBatchKeyValues(session.environment(), session.layout());
        for (int i = 0; i < 20; i++) {
          batch.join(row(session, 2 << 20));
        }
        attempt("twenty rows that join", () -> makeRoom(session, batch));
        batch.join(row(session, 1 << 10));
        attempt("one more", () -> makeRoom(session, batch));
        for (int i = 20; i >= 0; i--) {
          batch.leave(i);
        }
        batch.join(row(session, 1 << 10));
        attempt("a small one", () -> makeRoom(session, batch));
        batch.close();
      }
    }

    private static void makeRoom(DecoderSession session, PaddedBatchKeyValues batch) {
      session.guarded(
          () -> {
            batch.makeRoom();
            return batch;
          });
    }

    private static void attempt(String what, Runnable copy) {
      try {
        copy.run();
        System.out.println(what + ": done");
      } catch (EngineException e) {
        System.out.println(what + ": " + e.getMessage());
      }
    }

    /** A request with so many bytes of keys or values a layer, all of them in one memory. */
    private static DecodeState row(DecoderSession session, int bytes) {
      DecoderLayout layout = session.layout();
      ByteBuffer zeros = NativeMemory.allocate(bytes);
      List<ByteBuffer> planes = new ArrayList<>();
      for (int i = 0; i < 2 * layout.slots().size(); i++) {
        planes.add(zeros);
      }
      int position = layout.slots().get(0).heads() * HEAD_DIM * layout.cacheType().bytes();
      return session.open(new EncodedPrefix(bytes / position, planes), 0);
    }
  }

  @Test
  void failsWhatDoesNotFitAndNothingElse() throws Exception {
    String outcome =
        JavaProcess.run(
            Path.of("."),
            List.of("-XX:+UseSerialGC", "-Xmx32m", "-XX:MaxDirectMemorySize=1g"),
            LargerThanTheHeap.class,
            Path.of("src/test/resources/cases/llama").toAbsolutePath().toString());
    assertThat(outcome)
        .matches(
            """
            (?s)0 a prefix: Expected room on the heap for 10485760 numbers [^\n]*-Xmx[^\n]*
            twenty rows that join: done
            one more: Expected room on the heap for 10485760 numbers [^\n]*-Xmx[^\n]*
            a small one: done\
            """);
  }
}
