package io.patchkit.onnx.decode;

import java.nio.FloatBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Continuous batching: rows that wait join as soon as there is a place, all rows take one token a
 * turn, rows that end leave. A prompt is fed a piece a turn, so that the rows that are running go
 * on, and prompts take turns, so that a short one does not wait for a long one. A row's own failure
 * ends that row; the failure of a pass ends the rows that were in it. Used by one thread.
 */
final class BatchLoop implements AutoCloseable {

  /** The requests that a loop is for. */
  @FunctionalInterface
  interface Requests {

    /** The next row that waits for a place, null for none. */
    @Nullable BatchRow poll();

    /** Called before each pass, however long the prompts are: the time to cancel rows. */
    default void beforePass() {}

    /** Whether a prompt is fed to its end before the next one; else they take turns. */
    default boolean inOrder() {
      return false;
    }
  }

  private final int maxRows;
  private final int turnTokens;
  private final Requests requests;
  private final Deque<BatchRow> joining = new ArrayDeque<>();
  private final RunningRows running;

  /**
   * @param maxRows most rows at once, ≥ 1
   * @param turnTokens most tokens of prompts that are fed between two tokens of the rows that are
   *     running, or in turn where prompts wait for each other, ≥ 1: what a long prompt makes the
   *     others wait
   */
  BatchLoop(DecoderSession session, int maxRows, int turnTokens, Requests requests) {
    this(
        DecodeBatch.supports(session.layout())
            ? new TogetherRows(session.openBatch())
            : new TakingTurns(),
        maxRows,
        turnTokens,
        requests);
  }

  /** Takes over the running rows, of which there are none so far. */
  BatchLoop(RunningRows running, int maxRows, int turnTokens, Requests requests) {
    this.running = running;
    this.maxRows = maxRows;
    this.turnTokens = turnTokens;
    this.requests = requests;
  }

  /** Lets rows join and gives each its next token; false if there was none to give it to. */
  boolean advance() {
    while (joining.size() + running.rows().size() < maxRows) {
      BatchRow row = requests.poll();
      if (row == null) {
        break;
      }
      admit(row);
    }
    boolean any = feedPrompts();
    if (running.rows().isEmpty()) {
      return any;
    }
    requests.beforePass();
    try {
      running.advance();
    } catch (RuntimeException e) {
      running.rows().forEach(row -> row.fail(e));
    }
    for (int i = running.rows().size() - 1; i >= 0; i--) {
      if (running.rows().get(i).endsEarly()) {
        running.remove(i);
      }
    }
    return true;
  }

  /** Takes a row whose prompt is to be fed; there has to be a place. */
  void admit(BatchRow row) {
    joining.add(row);
  }

  /** Feeds prompts, as much as one turn allows; true if there were any. */
  private boolean feedPrompts() {
    boolean any = !joining.isEmpty();
    int fed = 0;
    while (!joining.isEmpty() && fed < turnTokens) {
      requests.beforePass();
      BatchRow row = joining.element();
      boolean alone = running.rows().isEmpty() && joining.size() == 1;
      // A row that keeps nobody waiting is fed the piece that is fastest for it.
      fed += row.feed(alone ? Integer.MAX_VALUE : turnTokens - fed);
      if (row.isFed()) {
        join(row);
        joining.remove(); // Not before: an error must find the row in one place or the other.
      } else if (row.hasEnded()) {
        joining.remove();
      } else if (!requests.inOrder()) {
        joining.add(joining.remove());
      }
    }
    for (BatchRow row : joining) {
      if (row.endsEarly()) {
        row.abandon();
      }
    }
    joining.removeIf(BatchRow::hasEnded);
    return any;
  }

  private void join(BatchRow row) {
    DecodeState state = row.takeState();
    try {
      running.add(row, state);
    } catch (RuntimeException e) {
      state.close();
      row.fail(e);
    } catch (Error e) {
      state.close();
      throw e;
    }
  }

  /** Rows that have been admitted and not ended. */
  List<BatchRow> rows() {
    List<BatchRow> rows = new ArrayList<>(running.rows());
    rows.addAll(joining);
    return rows;
  }

  @Override
  public void close() {
    joining.forEach(BatchRow::abandon);
    running.close();
  }

  /** The rows that are running, and how they get their next token. */
  interface RunningRows {
    List<BatchRow> rows();

    /** Takes over the state. */
    void add(BatchRow row, DecodeState state);

    /** Removes a row; the last one takes its place. */
    void remove(int row);

    void advance();

    void close();
  }

  /** One pass for all rows. */
  private static final class TogetherRows implements RunningRows {

    private final DecodeBatch batch;
    private final List<BatchRow> rows = new ArrayList<>();

    TogetherRows(DecodeBatch batch) {
      this.batch = batch;
    }

    @Override
    public List<BatchRow> rows() {
      return rows;
    }

    @Override
    public void add(BatchRow row, DecodeState state) {
      batch.join(state);
      rows.add(row);
    }

    @Override
    public void remove(int row) {
      batch.leave(row);
      BatchRow last = rows.remove(rows.size() - 1);
      if (row < rows.size()) {
        rows.set(row, last);
      }
    }

    @Override
    public void advance() {
      int[] tokens = new int[rows.size()];
      for (int i = 0; i < tokens.length; i++) {
        tokens[i] = rows.get(i).lastToken();
      }
      FloatBuffer logits = batch.next(tokens);
      int vocabulary = batch.vocabularySize();
      for (int i = 0; i < tokens.length; i++) {
        rows.get(i).accept(logits.slice(i * vocabulary, vocabulary));
      }
    }

    @Override
    public void close() {
      batch.close();
    }
  }

  /** One pass a row, for graphs that cannot hold rows of different lengths. */
  private static final class TakingTurns implements RunningRows {

    private final List<BatchRow> rows = new ArrayList<>();
    private final List<DecodeState> states = new ArrayList<>();

    @Override
    public List<BatchRow> rows() {
      return rows;
    }

    @Override
    public void add(BatchRow row, DecodeState state) {
      rows.add(row);
      states.add(state);
    }

    @Override
    public void remove(int row) {
      states.get(row).close();
      BatchRow last = rows.remove(rows.size() - 1);
      DecodeState lastState = states.remove(states.size() - 1);
      if (row < rows.size()) {
        rows.set(row, last);
        states.set(row, lastState);
      }
    }

    @Override
    public void advance() {
      for (int i = 0; i < rows.size(); i++) {
        rows.get(i).advanceAlone(states.get(i));
      }
    }

    @Override
    public void close() {
      states.forEach(DecodeState::close);
    }
  }
}
