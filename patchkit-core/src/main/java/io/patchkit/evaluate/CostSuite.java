package io.patchkit.evaluate;

import io.patchkit.ChatMessage;
import io.patchkit.Generation;
import io.patchkit.GenerationOptions;
import io.patchkit.GenerationRequest;
import io.patchkit.ModelShape;
import io.patchkit.Prompt;
import io.patchkit.evaluate.Metric.Direction;
import io.patchkit.evaluate.Metric.Unit;
import io.patchkit.format.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a single user waits for, request by request: the time to the first token, the time of each
 * further one, the positions of the context that patches take, and the memory that the keys and
 * values of a whole request take: those of the patches, of the prompt with its instruction, and of
 * the answer. Times are the only figures that differ from run to run; compare those of one run on a
 * quiet machine. An evaluation keeps none of them in its results folder. All other memory is the
 * model's, whatever the variant.
 *
 * <p>A row's request is its field {@code request}, {@code prompt} or {@code text}, asked as a chat.
 */
public final class CostSuite implements Suite {

  /** Milliseconds to the first token. */
  public static final String FIRST_TOKEN = "time to first token";

  /** Milliseconds of each further token. */
  public static final String DECODE = "time per token";

  /** Positions that the patches take. */
  public static final String VIRTUAL_TOKENS = "virtual tokens";

  /** Memory of a request's keys and values, in floats of 32 bits. */
  public static final String MEMORY = "key/value memory of a request";

  private static final double BYTES_PER_MEGABYTE = 1e6;
  private static final double NANOS_PER_MILLISECOND = 1e6;

  private final EvaluationData data;
  private final int maxNewTokens;

  private CostSuite(EvaluationData data, int maxNewTokens) {
    this.data = data;
    this.maxNewTokens = maxNewTokens;
  }

  /** Answers of exactly 32 tokens, stop tokens ignored. */
  public static CostSuite of(EvaluationData data) {
    return new CostSuite(data, 32);
  }

  @Override
  public String name() {
    return "cost";
  }

  @Override
  public Purpose purpose() {
    return Purpose.COST;
  }

  @Override
  public EvaluationData data() {
    return data;
  }

  @Override
  public List<Judge> judges() {
    return List.of();
  }

  @Override
  public List<Metric> metrics() {
    return List.of(
        metric(FIRST_TOKEN, Statistic.mean("first"), Unit.MILLISECONDS, JudgeId.CLOCK),
        metric(DECODE, Statistic.ratio("rest", "tokens"), Unit.MILLISECONDS, JudgeId.CLOCK),
        metric(VIRTUAL_TOKENS, Statistic.mean("virtual"), Unit.NUMBER, JudgeId.COUNT),
        metric(MEMORY, Statistic.mean("memory"), Unit.MEGABYTES, JudgeId.COUNT));
  }

  private static Metric metric(String name, Statistic statistic, Unit unit, JudgeId judge) {
    return new Metric(name, statistic, unit, Direction.LOWER, judge);
  }

  @Override
  public JsonObject configuration() {
    return JsonObject.builder()
        .put("maxNewTokens", maxNewTokens)
        .put("numberBytes", Float.BYTES)
        .build();
  }

  @Override
  public List<Observation> observe(Variant variant, List<Item> items, long seed) {
    GenerationOptions options =
        GenerationOptions.defaults().withMaxNewTokens(maxNewTokens).withIgnoreStopTokens(true);
    // The first request pays for encoding the prefix and for cold buffers.
    variant.generateAlone(request(items.get(0), options.withMaxNewTokens(2)));
    List<Observation> observations = new ArrayList<>();
    for (Item item : items) {
      Generation generation = variant.generateAlone(request(item, options));
      Map<String, Double> values = new HashMap<>();
      values.put("first", milliseconds(generation.timeToFirstToken()));
      values.put("virtual", (double) generation.prefixTokens());
      values.put("memory", megabytes(variant.shape(), generation));
      if (generation.tokens().size() > 1) {
        values.put("rest", milliseconds(generation.total().minus(generation.timeToFirstToken())));
        values.put("tokens", generation.tokens().size() - 1.0);
      }
      observations.add(Observation.of(values));
    }
    return observations;
  }

  private static double megabytes(ModelShape shape, Generation generation) {
    int positions =
        generation.prefixTokens() + generation.promptTokens() + generation.tokens().size();
    // In each layer a key and a value of every head.
    long numbers = 2L * shape.layers() * shape.keyValueHeads() * shape.headDim();
    return positions * numbers * Float.BYTES / BYTES_PER_MEGABYTE;
  }

  private static GenerationRequest request(Item item, GenerationOptions options) {
    String text = item.text("request", "prompt", "text");
    return GenerationRequest.of(Prompt.chat(List.of(ChatMessage.user(text))), options);
  }

  private static double milliseconds(Duration duration) {
    return duration.toNanos() / NANOS_PER_MILLISECOND;
  }
}
