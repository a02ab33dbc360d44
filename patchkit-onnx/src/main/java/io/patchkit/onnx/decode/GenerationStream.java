package io.patchkit.onnx.decode;

import io.patchkit.FinishReason;
import io.patchkit.Generation;
import io.patchkit.TokenStream;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.FloatBuffer;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The loop of one generation. It runs in the thread that asks for the next piece; a close from
 * another thread interrupts the pass that is running. What a stream holds that nobody can reach any
 * more is freed by a thread of its own.
 */
final class GenerationStream implements TokenStream {

  private static final System.Logger LOG = System.getLogger(GenerationStream.class.getName());
  private static final Cleaner CLEANER = Cleaner.create();

  /** Whoever leaves one stream leaves many. */
  private static final AtomicBoolean WARNED = new AtomicBoolean();

  private final Supplier<DecodeState> opening;
  private final TextGeneration generation;
  private final Ending ending;

  private final Iterator<String> pieces =
      new Iterator<>() {
        @Override
        public boolean hasNext() {
          return awaitPiece() != null;
        }

        @Override
        public String next() {
          String next = takePiece();
          if (next == null) {
            throw new NoSuchElementException("the generation has ended; see generation()");
          }
          return next;
        }
      };

  private final Cancellation cancellation = new Cancellation();
  private final Held held = new Held();
  private Cleaner.@Nullable Cleanable cleanable;
  private @Nullable RuntimeException failure;

  /**
   * @param opening opens the state behind the prefix, when the first piece is asked for
   */
  GenerationStream(Supplier<DecodeState> opening, TextGeneration generation, Ending ending) {
    this.opening = opening;
    this.generation = generation;
    this.ending = ending;
  }

  @Override
  public Iterator<String> iterator() {
    return pieces;
  }

  /** Runs until there is text to show or the generation has ended. */
  private synchronized @Nullable String awaitPiece() {
    if (failure != null) {
      throw failure;
    }
    try {
      while (generation.piece() == null && generation.generation() == null) {
        step();
      }
    } catch (RuntimeException e) {
      failure = e;
      release();
      ending.failed(e);
      throw e;
    } finally {
      Reference.reachabilityFence(this); // No pass runs on memory that was taken for abandoned.
    }
    return generation.piece();
  }

  private synchronized @Nullable String takePiece() {
    awaitPiece();
    return generation.takePiece();
  }

  private void step() {
    FloatBuffer logits = logits();
    if (logits == null) {
      finish(cancellation.isCancelled() ? FinishReason.CANCELLED : FinishReason.TIME_LIMIT);
      return;
    }
    generation.accept(logits);
    Generation ended = generation.generation();
    if (ended != null) {
      release();
      ending.finished(ended);
    }
  }

  /** The next logits; null if the generation is to end without them. */
  private @Nullable FloatBuffer logits() {
    DecodeState current = held.state();
    if (current == null) {
      current = opening.get();
      held.hold(current);
      cleanable = CLEANER.register(this, held);
      return current.next(generation.prompt(), cancellation, generation::isOverTime);
    }
    return current.next(generation.lastToken(), cancellation);
  }

  private void finish(FinishReason reason) {
    release();
    generation.finish(reason);
    Generation ended = generation.generation();
    if (ended != null) {
      ending.finished(ended);
    }
  }

  private void release() {
    held.release();
    if (cleanable != null) {
      cleanable.clean(); // Nothing is held any more.
    }
  }

  @Override
  public synchronized Generation generation() {
    Generation ended = generation.generation();
    if (ended == null) {
      throw new IllegalStateException(
          "the generation is still going on; iterate to its end or close the stream first");
    }
    return ended;
  }

  @Override
  public void close() {
    cancellation.cancel();
    synchronized (this) {
      if (failure != null) {
        generation.finish(FinishReason.CANCELLED); // Its end has been told.
      } else if (generation.generation() == null) {
        finish(FinishReason.CANCELLED);
      }
    }
  }

  /** What a stream holds. It does not know the stream, whose end it outlives. */
  private static final class Held implements Runnable {

    private @Nullable DecodeState state;

    synchronized @Nullable DecodeState state() {
      return state;
    }

    synchronized void hold(DecodeState opened) {
      state = opened;
    }

    synchronized void release() {
      if (state != null) {
        state.close();
        state = null;
      }
    }

    /** Called when nobody can reach the stream any more. */
    @Override
    public void run() {
      if (state() != null && !WARNED.getAndSet(true)) {
        LOG.log(
            System.Logger.Level.WARNING,
            "A TokenStream was neither closed nor read to its end, and held its keys and values"
                + " until the garbage collector found it; open streams in a try statement");
      }
      release();
    }
  }
}
