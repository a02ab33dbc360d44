package io.patchkit.onnx.decode;

import io.patchkit.Generation;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one call that returns when all have ended. An interrupt of the calling thread or
 * the failure of one of them cancels the others. Used by one thread.
 *
 * <p>A row's time counts from the first feed of its prompt: no row waits for the caller's sake.
 * From then on all counts that the loop does before its end, so the prompts of rows behind it too.
 */
final class ListedRequests implements BatchLoop.Requests {

  private final List<BatchRow> rows;
  private final Deque<BatchRow> waiting;

  ListedRequests(List<BatchRow> rows) {
    this.rows = List.copyOf(rows);
    rows.forEach(BatchRow::countFromFirstFeed);
    this.waiting = new ArrayDeque<>(BatchRow.sharingBeginnings(rows));
  }

  @Override
  public @Nullable BatchRow poll() {
    return waiting.poll();
  }

  @Override
  public void beforePass() {
    if (Thread.currentThread().isInterrupted() || rows.stream().anyMatch(BatchRow::hasFailed)) {
      rows.forEach(BatchRow::cancel);
    }
  }

  /** What prompts share is fed by the first of them, and is let go after the last. */
  @Override
  public boolean inOrder() {
    return true;
  }

  /** One generation a request, in their order; throws what the first that failed did. */
  List<Generation> results() {
    for (BatchRow row : rows) {
      if (row.hasFailed()) {
        row.result();
      }
    }
    List<Generation> generations = new ArrayList<>();
    for (BatchRow row : rows) {
      generations.add(row.result());
    }
    return generations;
  }
}
