package io.patchkit.onnx.decode;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A batch takes memory for the rows that are in it, not for those that were. */
class DecodeBatchTest {

  /** Tokens of a row, its prompt and what follows it: each pass feeds the last one. */
  private static final class Row {
    private final List<Integer> tokens = new ArrayList<>();
    private final int prompt;

    Row(int[] prompt) {
      for (int token : prompt) {
        tokens.add(token);
      }
      this.prompt = prompt.length;
    }

    int last() {
      return tokens.get(tokens.size() - 1);
    }

    List<Integer> generated() {
      return tokens.subList(prompt, tokens.size());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama-gqa"})
  void givesTheRoomOfALongRowBackWhileShortOnesRunOn(String name) {
    try (DecoderSession session = session(name)) {
      List<Integer> shortAlone = alone(session, tokens(4), 40);
      List<Integer> otherAlone = alone(session, tokens(9), 40);
      try (DecodeBatch batch = session.openBatch()) {
        List<Row> rows = new ArrayList<>();
        join(session, batch, rows, tokens(100));
        join(session, batch, rows, tokens(9));
        join(session, batch, rows, tokens(4));
        advance(batch, rows, 5);
        long before = batch.keyValueBytes();
        leave(batch, rows, 0);
        advance(batch, rows, 1);
        long after = batch.keyValueBytes();
        // Three rows of 105 positions before, two of 15 from now on.
        assertThat(after).isLessThanOrEqualTo(before / 2);
        advance(batch, rows, 33);
        assertThat(rows.get(0).generated()).isEqualTo(shortAlone);
        assertThat(rows.get(1).generated()).isEqualTo(otherAlone);
        assertThat(batch.keyValueBytes()).isLessThanOrEqualTo(before / 2);
        // What has become smaller grows again.
        join(session, batch, rows, tokens(100));
        advance(batch, rows, 20);
        assertThat(rows.get(2).generated()).isEqualTo(alone(session, tokens(100), 21));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama-gqa"})
  void keepsRoomThatAnotherRowWouldSoonNeed(String name) {
    try (DecoderSession session = session(name);
        DecodeBatch batch = session.openBatch()) {
      List<Row> rows = new ArrayList<>();
      join(session, batch, rows, tokens(90));
      join(session, batch, rows, tokens(80));
      advance(batch, rows, 2);
      long before = batch.keyValueBytes();
      leave(batch, rows, 0);
      advance(batch, rows, 2);
      assertThat(batch.keyValueBytes()).isEqualTo(before);
      join(session, batch, rows, tokens(80));
      advance(batch, rows, 2);
      assertThat(batch.keyValueBytes()).isEqualTo(before);
    }
  }

  /** Two rows of 102 positions, of which one leaves: the room of three short ones is no more. */
  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama-gqa"})
  void rowsThatJoinBeforeTheNextPassTakeNoRoomOfALongRowThatLeft(String name) {
    try (DecoderSession session = session(name);
        DecodeBatch batch = session.openBatch()) {
      List<Row> rows = new ArrayList<>();
      join(session, batch, rows, tokens(100));
      join(session, batch, rows, tokens(4));
      advance(batch, rows, 2);
      long before = batch.keyValueBytes();
      leave(batch, rows, 0);
      join(session, batch, rows, tokens(4));
      join(session, batch, rows, tokens(4));
      assertThat(batch.keyValueBytes()).isLessThanOrEqualTo(before);
      advance(batch, rows, 20);
      assertThat(batch.keyValueBytes()).isLessThanOrEqualTo(before);
      assertThat(rows.get(2).generated()).isEqualTo(alone(session, tokens(4), 21));
    }
  }

  /** What a batch begins in is what lies idle, however wide; its rows need 10 positions each. */
  @Test
  void roomThatLayIdleIsNotMultipliedByTheRows() {
    try (DecoderSession session = session("llama-gqa")) {
      DecodeBatch wide = session.openBatch();
      join(session, wide, new ArrayList<>(), tokens(100));
      long before = wide.keyValueBytes();
      try (DecodeBatch small = session.openBatch()) {
        assertThat(small.keyValueBytes()).isLessThan(before);
        wide.close();
        try (DecodeBatch batch = session.openBatch()) {
          assertThat(batch.keyValueBytes()).isEqualTo(before);
          List<Row> rows = new ArrayList<>();
          for (int i = 0; i < 3; i++) {
            join(session, batch, rows, tokens(10));
          }
          assertThat(batch.keyValueBytes()).isLessThanOrEqualTo(before);
          advance(batch, rows, 5);
          assertThat(rows.get(2).generated()).isEqualTo(alone(session, tokens(10), 6));
        }
      }
    }
  }

  private static void join(
      DecoderSession session, DecodeBatch batch, List<Row> rows, int[] prompt) {
    Row row = new Row(prompt);
    DecodeState state = open(session);
    row.tokens.add(likeliest(state.next(prompt), session.layout().vocabularySize()));
    batch.join(state);
    rows.add(row);
  }

  private static void leave(DecodeBatch batch, List<Row> rows, int index) {
    batch.leave(index);
    Row last = rows.remove(rows.size() - 1);
    if (index < rows.size()) {
      rows.set(index, last);
    }
  }

  private static void advance(DecodeBatch batch, List<Row> rows, int passes) {
    int vocabulary = batch.vocabularySize();
    for (int pass = 0; pass < passes; pass++) {
      FloatBuffer logits = batch.next(rows.stream().mapToInt(Row::last).toArray());
      for (int i = 0; i < rows.size(); i++) {
        rows.get(i).tokens.add(likeliest(logits.slice(i * vocabulary, vocabulary), vocabulary));
      }
    }
  }

  private static List<Integer> alone(DecoderSession session, int[] prompt, int count) {
    Row row = new Row(prompt);
    try (DecodeState state = open(session)) {
      int vocabulary = session.layout().vocabularySize();
      row.tokens.add(likeliest(state.next(prompt), vocabulary));
      while (row.generated().size() < count) {
        row.tokens.add(likeliest(state.next(new int[] {row.last()}), vocabulary));
      }
    }
    return row.generated();
  }

  private static DecodeState open(DecoderSession session) {
    return session.open(EncodedPrefix.empty(session.layout().slots().size()), 1);
  }

  private static int likeliest(FloatBuffer logits, int vocabulary) {
    int best = 0;
    for (int i = 1; i < vocabulary; i++) {
      best = logits.get(i) > logits.get(best) ? i : best;
    }
    return best;
  }

  private static int[] tokens(int count) {
    int[] tokens = new int[count];
    for (int i = 0; i < count; i++) {
      tokens[i] = 3 + i * 7 % 50;
    }
    return tokens;
  }

  private static DecoderSession session(String name) {
    return SmallEngine.session(Path.of("src/test/resources/cases", name), 16);
  }
}
