package io.patchkit.onnx.decode;

import io.patchkit.ContextOverflowException;
import io.patchkit.ContinuationScore;
import io.patchkit.EmbeddingSpace;
import io.patchkit.EngineException;
import io.patchkit.Generation;
import io.patchkit.GenerationListener;
import io.patchkit.GenerationOptions;
import io.patchkit.IncompatiblePatchException;
import io.patchkit.KeyValuePrefix;
import io.patchkit.ModelMetrics;
import io.patchkit.ModelShape;
import io.patchkit.PatchStack;
import io.patchkit.Prefix;
import io.patchkit.SoftPrompt;
import io.patchkit.TokenStream;
import io.patchkit.UnsupportedModelException;
import io.patchkit.onnx.graph.ModelFile;
import io.patchkit.onnx.text.HuggingFaceTokenizer;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A loaded decoder with its tokenizer: starts generations, scores continuations, encodes prefixes.
 * Thread-safe; it keeps nothing of a request.
 */
public final class DecoderEngine implements AutoCloseable {

  /**
   * What the engine needs to know beside the graph.
   *
   * @param contextLength most positions
   * @param stopTokens ids that end a text
   * @param headDim width of a key or value, where the graph leaves it open
   * @param threads of one pass
   * @param spinning whether idle threads wait busily
   * @param prepacking whether weights are copied into the kernels' own layout
   * @param arena whether freed memory of passes is kept
   * @param cudaDevice index of the GPU; empty for the processor
   * @param prefixCacheBytes bound on encoded prefixes
   * @param prefillChunk most tokens of one pass
   * @param idleBufferBytes bound on buffers kept for reuse
   * @param batchRows most requests decoded together
   * @param listener is told how requests end
   */
  public record Settings(
      int contextLength,
      Set<Integer> stopTokens,
      OptionalInt headDim,
      int threads,
      boolean spinning,
      boolean prepacking,
      boolean arena,
      OptionalInt cudaDevice,
      long prefixCacheBytes,
      int prefillChunk,
      long idleBufferBytes,
      int batchRows,
      GenerationListener listener) {

    public Settings {
      stopTokens = Set.copyOf(stopTokens);
    }
  }

  /**
   * Prompts are fed to a queue's batch in pieces of this size where other rows wait: many enough
   * tokens to share the reading of the weights, and few enough that the others hardly wait.
   */
  private static final int TURN_TOKENS = 64;

  private final ModelFile file;
  private final Settings settings;
  private final DecoderSession session;
  private final HuggingFaceTokenizer tokenizer;
  private final PrefixCache prefixes;
  private final ModelShape shape;
  private final LongSupplier nanoTime;
  private final Set<DecoderQueue> queues = ConcurrentHashMap.newKeySet();

  private DecoderEngine(
      ModelFile file,
      Settings settings,
      DecoderSession session,
      HuggingFaceTokenizer tokenizer,
      float embeddingScale,
      LongSupplier nanoTime) {
    this.file = file;
    this.settings = settings;
    this.session = session;
    this.tokenizer = tokenizer;
    this.nanoTime = nanoTime;
    DecoderLayout layout = session.layout();
    this.prefixes =
        new PrefixCache(settings.prefixCacheBytes(), EncodedPrefix.empty(layout.slots().size()));
    this.shape =
        new ModelShape(
            layout.hiddenSize(),
            layout.slots().size(),
            layout.slots().get(0).heads(),
            layout.slots().get(0).headDim(),
            layout.vocabularySize(),
            settings.contextLength(),
            embeddingScale);
  }

  /** Loads a decoder; the engine owns the tokenizer from then on. */
  public static DecoderEngine load(
      ModelFile file, HuggingFaceTokenizer tokenizer, Settings settings) {
    boolean onDevice = settings.cudaDevice().isPresent();
    return load(
        file, tokenizer, settings, onDevice ? DeviceCache.KNOWN_RUNTIME : null, System::nanoTime);
  }

  /**
   * Like {@link #load}, whichever device it is.
   *
   * @param knownRuntime how the version of ONNX Runtime has to begin for keys and values to stay on
   *     the device; null for the processor's memory
   * @param nanoTime the clock of requests, as {@link System#nanoTime}
   */
  static DecoderEngine load(
      ModelFile file,
      HuggingFaceTokenizer tokenizer,
      Settings settings,
      @Nullable String knownRuntime,
      LongSupplier nanoTime) {
    DecoderLoader.Loaded loaded = DecoderLoader.load(file, settings, knownRuntime);
    return new DecoderEngine(
        file, settings, loaded.session(), tokenizer, loaded.embeddingScale(), nanoTime);
  }

  /** The sizes that a patch has to fit. */
  public ModelShape shape() {
    return shape;
  }

  /** Encodes a stack now, so that the first request through it need not. */
  public void encode(PatchStack stack) {
    session.requireOpen();
    encoded(stack);
  }

  /** Starts a generation; nothing is computed before its first piece is asked for. */
  public TokenStream stream(DecoderRequest request) {
    PatchStack stack = request.stack();
    int positions = request.prompt().length;
    return new GenerationStream(
        () -> openAlone(stack, positions),
        begin(request),
        session.metrics().ending(stack, Ending.untold()));
  }

  /** Checks a request and starts its clock. */
  private TextGeneration begin(DecoderRequest request) {
    PatchStack stack = request.stack();
    int[] prompt = request.prompt();
    GenerationOptions options = request.options();
    session.requireOpen();
    requireVocabulary(prompt);
    requireRoom(stack, prompt.length, options.maxNewTokens(), "maxNewTokens");
    return new TextGeneration(
        prompt,
        new TextGeneration.Request(
            options,
            options.ignoreStopTokens() ? Set.of() : settings.stopTokens(),
            stack.prefixLength(),
            shape.vocabularySize(),
            request.beginsText()),
        tokenizer,
        nanoTime);
  }

  /**
   * Generates for all requests, decoding as many together as fit in the batch. All are checked
   * before the first one starts; what is wrong with one names its index.
   *
   * @param toRequest puts a request in the engine's terms
   * @return one generation a request, in their order
   */
  public <T> List<Generation> generateAll(List<T> requests, Function<T, DecoderRequest> toRequest) {
    List<BatchRow> rows = new ArrayList<>();
    for (int i = 0; i < requests.size(); i++) {
      try {
        rows.add(row(toRequest.apply(requests.get(i)), Ending.untold()));
      } catch (RuntimeException e) {
        throw ofRequest(i, e);
      }
    }
    ListedRequests listed = new ListedRequests(rows);
    // The call returns when all have ended: nobody waits for a single token.
    try (BatchLoop loop = openLoop(Integer.MAX_VALUE, listed)) {
      while (loop.advance()) {
        // Each turn gives every row a token.
      }
    } catch (RuntimeException e) {
      rows.forEach(row -> row.fail(e)); // Whoever waits to hear of an end hears of it.
      throw e;
    }
    return listed.results();
  }

  /** The same failure with the request's index, where it is the request's and not the model's. */
  private static RuntimeException ofRequest(int index, RuntimeException e) {
    String message = "request " + index + ": " + e.getMessage();
    if (e instanceof ContextOverflowException) {
      return new ContextOverflowException(message, e);
    } else if (e instanceof IncompatiblePatchException patch) {
      return new IncompatiblePatchException(patch.mismatch(), message, e);
    } else if (e instanceof UnsupportedModelException) {
      return new UnsupportedModelException(message, e);
    } else if (e instanceof IllegalArgumentException) {
      return new IllegalArgumentException(message, e);
    }
    return e;
  }

  /** Opens a queue that decodes the requests of many threads together. */
  public DecoderQueue openQueue(int maxWaiting) {
    session.requireOpen();
    DecoderQueue queue =
        new DecoderQueue(
            session, requests -> openLoop(TURN_TOKENS, requests), maxWaiting, queues::remove);
    queues.add(queue);
    queue.start();
    return queue;
  }

  /**
   * Asks a queue of this engine for a generation.
   *
   * @param request makes the request, where the queue is open and has room
   */
  public CompletableFuture<Generation> submit(
      DecoderQueue queue, Supplier<DecoderRequest> request) {
    return queue.submit(ending -> queuedRow(request.get(), ending));
  }

  /**
   * A row whose stack is encoded in the thread that asks, so that the rows that are running go on.
   * What goes wrong there fails the row when its turn comes.
   */
  private BatchRow queuedRow(DecoderRequest request, Ending ending) {
    PatchStack stack = request.stack();
    TextGeneration generation = begin(request);
    return new BatchRow(
        session, stack, encodedHere(stack), generation, session.metrics().ending(stack, ending));
  }

  /** Holds the encoding until it is first asked for, whatever the cache lets go of until then. */
  private Supplier<EncodedPrefix> encodedHere(PatchStack stack) {
    try {
      AtomicReference<@Nullable EncodedPrefix> held = new AtomicReference<>(encoded(stack));
      return () -> {
        EncodedPrefix first = held.getAndSet(null);
        return first == null ? encoded(stack) : first;
      };
    } catch (RuntimeException e) {
      return () -> {
        throw e;
      };
    }
  }

  BatchLoop openLoop(int turnTokens, BatchLoop.Requests requests) {
    return new BatchLoop(session, settings.batchRows(), turnTokens, requests);
  }

  BatchRow row(DecoderRequest request, Ending ending) {
    PatchStack stack = request.stack();
    return new BatchRow(
        session,
        stack,
        () -> encoded(stack),
        begin(request),
        session.metrics().ending(stack, ending));
  }

  /** What the engine has done so far. */
  public ModelMetrics metrics() {
    return session.metrics().snapshot(prefixes);
  }

  /**
   * How likely a continuation is.
   *
   * @param prompt ids of the vocabulary, at least one
   * @throws EngineException if a log-probability is not a number
   */
  public ContinuationScore score(PatchStack stack, int[] prompt, int[] continuation) {
    session.requireOpen();
    requireVocabulary(prompt);
    requireVocabulary(continuation);
    if (continuation.length == 0) {
      throw new IllegalArgumentException("continuation has no tokens; allowed: at least one");
    }
    requireRoom(stack, prompt.length, continuation.length, "the continuation");
    int[] tokens = Arrays.copyOf(prompt, prompt.length + continuation.length);
    System.arraycopy(continuation, 0, tokens, prompt.length, continuation.length);
    List<Integer> scored = new ArrayList<>();
    List<Double> logProbabilities = new ArrayList<>();
    try (DecodeState state = open(stack, tokens.length)) {
      state.predict(
          tokens,
          continuation.length,
          (position, logits, offset) -> {
            int token = tokens[position];
            double logProbability = LogSoftmax.at(logits, offset, shape.vocabularySize(), token);
            if (Double.isNaN(logProbability)) {
              throw new EngineException(
                  "the log-probability of token "
                      + token
                      + " is not a number; the prefix or the graph overflows its number type");
            }
            scored.add(token);
            logProbabilities.add(logProbability);
          });
    }
    return new ContinuationScore(scored, logProbabilities);
  }

  /**
   * The logits of the token after the prompt.
   *
   * @throws EngineException if one is not a number, or the largest is infinite
   */
  public float[] nextTokenLogits(PatchStack stack, int[] prompt) {
    session.requireOpen();
    requireVocabulary(prompt);
    requireRoom(stack, prompt.length, 0, "nothing more");
    try (DecodeState state = open(stack, prompt.length)) {
      FloatBuffer logits = state.next(prompt);
      float[] copy = new float[shape.vocabularySize()];
      logits.get(0, copy);
      Argmax.of(copy, copy.length); // Refuses what is no number.
      return copy;
    }
  }

  /** The embeddings of tokens as the first layer receives them, row-major [tokens, hidden]. */
  public float[] embeddings(int[] tokens) {
    session.requireOpen();
    requireVocabulary(tokens);
    return TokenEmbeddings.read(file, settings, session.layout().inputIds().name(), tokens);
  }

  private DecodeState open(PatchStack stack, int behindPrefix) {
    EncodedPrefix prefix = encoded(stack);
    return session.open(prefix, prefix.length() + behindPrefix);
  }

  private DecodeState openAlone(PatchStack stack, int behindPrefix) {
    EncodedPrefix prefix = encoded(stack);
    return session.openAlone(prefix, prefix.length() + behindPrefix);
  }

  /** Whether requests that decode alone keep their keys and values on the device. */
  boolean keepsOnDevice() {
    return session.keepsOnDevice();
  }

  private EncodedPrefix encoded(PatchStack stack) {
    return prefixes.get(stack, this::extend);
  }

  private EncodedPrefix extend(EncodedPrefix before, Prefix next) {
    if (next instanceof KeyValuePrefix keyValue) {
      return before.plus(keyValue, session.layout().cacheType());
    }
    SoftPrompt soft = (SoftPrompt) next;
    try (DecodeState state = session.open(before, before.length() + soft.length())) {
      state.next(virtualTokens(soft.length()), layerInput(soft), soft.length());
      return state.snapshot();
    }
  }

  private static int[] virtualTokens(int count) {
    int[] tokens = new int[count];
    for (int i = 0; i < count; i++) {
      tokens[i] = -1 - i;
    }
    return tokens;
  }

  /** The rows as the first layer receives them. */
  private ByteBuffer layerInput(SoftPrompt soft) {
    float[] rows = soft.rows();
    if (soft.space() == EmbeddingSpace.TOKEN_TABLE && shape.embeddingScale() != 1) {
      for (int i = 0; i < rows.length; i++) {
        rows[i] *= shape.embeddingScale();
      }
    }
    return CacheType.FLOAT.encode(rows);
  }

  private void requireVocabulary(int[] tokens) {
    int size = shape.vocabularySize();
    for (int i = 0; i < tokens.length; i++) {
      if (tokens[i] < 0 || tokens[i] >= size) {
        throw new IllegalArgumentException(
            "token " + i + " is " + tokens[i] + "; allowed: 0 to " + (size - 1));
      }
    }
  }

  private void requireRoom(PatchStack stack, int prompt, int more, String what) {
    long needed = (long) stack.prefixLength() + prompt + more;
    if (needed > shape.contextLength()) {
      throw new ContextOverflowException(
          "the request needs "
              + needed
              + " positions ("
              + stack.prefixLength()
              + " of patches, "
              + prompt
              + " of the prompt, "
              + more
              + " of "
              + what
              + ") but the model's context has "
              + shape.contextLength()
              + "; shorten the prompt or ask for fewer new tokens");
    }
  }

  @Override
  public void close() {
    try {
      session.close();
    } finally {
      queues.forEach(DecoderQueue::end);
      tokenizer.close();
    }
  }
}
