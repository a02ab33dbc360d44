package io.patchkit.onnx.decode;

import io.patchkit.EngineException;
import io.patchkit.Generation;
import io.patchkit.QueueFullException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One thread that runs a {@link BatchLoop} over the requests of many, a loop for each time that
 * there is something to do, so that an idle queue holds no batch. Thread-safe. It ends when it is
 * closed or the model is.
 */
public final class DecoderQueue implements AutoCloseable {

  private final DecoderSession session;
  private final Function<BatchLoop.Requests, BatchLoop> loops;
  private final int maxWaiting;
  private final Consumer<DecoderQueue> atEnd;
  private final BlockingQueue<BatchRow> waiting;
  private final Thread thread;
  private volatile boolean closed;

  /**
   * Whether the thread waits for a request: only then an interrupt reaches it, not what it calls.
   */
  private boolean takes;

  private final Object lock = new Object();

  /** Why requests fail that the thread can serve no more; null while it can. */
  private volatile @Nullable RuntimeException failure;

  /**
   * @param loops opens a loop over requests
   * @param atEnd is given the queue when its thread ends
   */
  DecoderQueue(
      DecoderSession session,
      Function<BatchLoop.Requests, BatchLoop> loops,
      int maxWaiting,
      Consumer<DecoderQueue> atEnd) {
    this.session = session;
    this.loops = loops;
    this.maxWaiting = maxWaiting;
    this.atEnd = atEnd;
    this.waiting = new ArrayBlockingQueue<>(maxWaiting);
    this.thread = new Thread(this::run, "patchkit-queue");
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /**
   * Puts a request behind the others.
   *
   * @param row makes the row, given what to tell of its end; not called where the queue is closed
   *     or full
   */
  @SuppressWarnings("FutureReturnValueIgnored") // The dependent cannot fail.
  CompletableFuture<Generation> submit(Function<Ending, BatchRow> row) {
    requireOpen();
    if (waiting.remainingCapacity() == 0) {
      throw full();
    }
    Answer answer = new Answer();
    BatchRow asked = row.apply(answer);
    // Whoever completes it, by cancelling it or giving up on it, wants no more tokens.
    answer.whenComplete((generation, thrown) -> asked.cancel());
    if (!waiting.offer(asked)) { // Others were faster.
      throw full();
    }
    if (closed) {
      endWaiting();
    }
    return answer;
  }

  private QueueFullException full() {
    session.metrics().rejected();
    return new QueueFullException(
        "the queue is full: "
            + maxWaiting
            + " requests wait, as many as may; try again later or allow more to wait");
  }

  private void requireOpen() {
    session.requireOpen();
    RuntimeException cause = failure;
    if (cause != null) {
      throw new EngineException("the queue has failed; open another", cause);
    }
    if (closed) {
      throw new IllegalStateException("the queue is closed; requests need an open queue");
    }
  }

  /** Requests that wait for a place in the batch. */
  public int waiting() {
    return waiting.size();
  }

  private void run() {
    try {
      while (!closed && session.isOpen()) {
        BatchRow first = take();
        if (first != null) {
          serve(first);
        }
      }
    } catch (RuntimeException | Error e) {
      failure = threadFailed(e);
    } finally {
      closed = true;
      try {
        endWaiting();
      } finally {
        atEnd.accept(this);
      }
    }
  }

  /** The next request; null where the wait for it was ended. */
  private @Nullable BatchRow take() {
    synchronized (lock) {
      if (closed) {
        return null;
      }
      takes = true;
    }
    try {
      return waiting.take();
    } catch (InterruptedException e) {
      return null;
    } finally {
      synchronized (lock) {
        takes = false;
        Thread.interrupted(); // One that came when a request had just been taken.
      }
    }
  }

  /** Runs until there is nothing more to do. */
  private void serve(BatchRow first) {
    Admission admission = new Admission();
    BatchLoop loop;
    try {
      loop = loops.apply(admission);
    } catch (RuntimeException e) {
      first.fail(e);
      return;
    } catch (Error e) {
      first.fail(threadFailed(e));
      throw e;
    }
    admission.loop = loop;
    loop.admit(first);
    try (loop) {
      while (loop.advance()) {
        // Each turn gives every row a token.
      }
    } catch (RuntimeException e) {
      endAll(loop.rows(), row -> row.fail(e));
    } catch (Error e) {
      EngineException failed = threadFailed(e);
      endAll(loop.rows(), row -> row.fail(failed));
      throw e;
    }
  }

  private static EngineException threadFailed(Throwable e) {
    return new EngineException("the queue's thread has failed: " + e, e);
  }

  /** Ends rows; an error in telling of one's end keeps none of the others waiting. */
  private static void endAll(List<BatchRow> rows, Consumer<BatchRow> end) {
    Error first = null;
    for (BatchRow row : rows) {
      try {
        end.accept(row);
      } catch (Error e) {
        if (first == null) {
          first = e;
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }

  /** Lets requests in while the queue is open, and those out that need not wait for a place. */
  private final class Admission implements BatchLoop.Requests {

    private @Nullable BatchLoop loop;

    @Override
    public @Nullable BatchRow poll() {
      return closed ? null : waiting.poll();
    }

    @Override
    public void beforePass() {
      if (closed && session.isOpen() && loop != null) {
        loop.rows().forEach(BatchRow::cancel);
      }
      for (BatchRow row : waiting) {
        if (row.isDue() && waiting.remove(row)) {
          row.endsEarly();
        }
      }
    }
  }

  /** Ends what waits: cancelled by a close, failed where the model or the thread has ended. */
  private void endWaiting() {
    RuntimeException cause = failure;
    try {
      session.requireOpen();
    } catch (IllegalStateException e) {
      cause = e;
    }
    List<BatchRow> rows = new ArrayList<>();
    waiting.drainTo(rows);
    RuntimeException failed = cause;
    endAll(
        rows,
        row -> {
          if (failed == null) {
            row.cancel();
            row.endsEarly();
          } else {
            row.fail(failed);
          }
        });
  }

  /** Asks the thread to end, without waiting for it. */
  void end() {
    synchronized (lock) {
      closed = true;
      if (takes) {
        thread.interrupt();
      }
    }
  }

  @Override
  public void close() {
    end();
    boolean interrupted = false;
    while (thread.isAlive() && Thread.currentThread() != thread) {
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

  /** A generation to come. */
  private static final class Answer extends CompletableFuture<Generation> implements Ending {

    @Override
    public void finished(Generation generation) {
      complete(generation);
    }

    @Override
    public void failed(RuntimeException failure) {
      completeExceptionally(failure);
    }
  }
}
