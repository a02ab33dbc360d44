package io.patchkit.onnx.decode;

import io.patchkit.Generation;
import io.patchkit.QueueFullException;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One thread that runs a {@link BatchLoop} over the requests of many. Thread-safe. It ends when it
 * is closed or the model is.
 */
public final class DecoderQueue implements AutoCloseable {

  private final DecoderSession session;
  private final int maxRows;
  private final int turnTokens;
  private final int maxWaiting;
  private final BlockingQueue<BatchRow> waiting;
  private final Thread thread;
  private volatile boolean closed;

  /**
   * @param turnTokens most tokens of prompts that are fed between two tokens of running rows
   */
  DecoderQueue(DecoderSession session, int maxRows, int turnTokens, int maxWaiting) {
    this.session = session;
    this.maxRows = maxRows;
    this.turnTokens = turnTokens;
    this.maxWaiting = maxWaiting;
    this.waiting = new ArrayBlockingQueue<>(maxWaiting);
    this.thread = new Thread(this::run, "patchkit-queue");
    thread.setDaemon(true);
    thread.start();
  }

  /**
   * Puts a request behind the others.
   *
   * @param row makes the row, given what to tell of its end
   */
  CompletableFuture<Generation> submit(Function<Ending, BatchRow> row) {
    requireOpen();
    Answer answer = new Answer();
    BatchRow asked = row.apply(answer);
    answer.row = asked;
    if (!waiting.offer(asked)) {
      session.metrics().rejected();
      throw new QueueFullException(
          "the queue is full: "
              + maxWaiting
              + " requests wait, as many as may; try again later or allow more to wait");
    }
    if (closed) {
      endAll();
    }
    return answer;
  }

  private void requireOpen() {
    session.requireOpen();
    if (closed) {
      throw new IllegalStateException("the queue is closed; requests need an open queue");
    }
  }

  /** Requests that wait for a place in the batch. */
  public int waiting() {
    return waiting.size();
  }

  private void run() {
    while (!closed) {
      try (BatchLoop loop = new BatchLoop(session, maxRows, turnTokens, waiting::poll)) {
        serve(loop);
      } catch (InterruptedException e) {
        closed = true;
      } catch (RuntimeException e) {
        // The model was closed or the engine is broken: nobody can be served any more.
        closed = true;
        fail(e);
      }
    }
    endAll();
  }

  private void serve(BatchLoop loop) throws InterruptedException {
    try {
      while (!closed) {
        if (!loop.advance()) {
          BatchRow next = waiting.take();
          loop.admit(next);
        }
      }
    } finally {
      for (BatchRow row : List.copyOf(loop.rows())) {
        row.cancel();
        row.endsEarly();
      }
    }
  }

  private void fail(RuntimeException e) {
    for (BatchRow row = waiting.poll(); row != null; row = waiting.poll()) {
      row.fail(e);
    }
  }

  private void endAll() {
    for (BatchRow row = waiting.poll(); row != null; row = waiting.poll()) {
      row.cancel();
      row.endsEarly();
    }
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** A generation to come; cancelling it reaches the row. */
  private static final class Answer extends CompletableFuture<Generation> implements Ending {

    private volatile @Nullable BatchRow row;

    @Override
    public void finished(Generation generation) {
      complete(generation);
    }

    @Override
    public void failed(RuntimeException failure) {
      completeExceptionally(failure);
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      boolean cancelled = super.cancel(mayInterruptIfRunning);
      BatchRow asked = row;
      if (cancelled && asked != null) {
        asked.cancel();
      }
      return cancelled;
    }
  }
}
