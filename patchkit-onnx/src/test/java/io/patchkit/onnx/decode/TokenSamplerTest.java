package io.patchkit.onnx.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.patchkit.EngineException;
import io.patchkit.GenerationOptions;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class TokenSamplerTest {

  private static final GenerationOptions DRAWN = GenerationOptions.defaults().withTemperature(1);

  @Test
  void greedyTakesTheLikeliestAndTheLowerIdAmongEquals() {
    assertThat(sample(GenerationOptions.defaults(), 1, 5, 5, 2)).isEqualTo(1);
    assertThat(sample(GenerationOptions.defaults(), Float.NEGATIVE_INFINITY, -3)).isEqualTo(1);
  }

  @Test
  void refusesLogitsThatAreNoNumbers() {
    for (GenerationOptions options : List.of(GenerationOptions.defaults(), DRAWN)) {
      for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
        assertThatThrownBy(() -> sample(options, 1, bad, 2))
            .isInstanceOf(EngineException.class)
            .hasMessageContaining("token 1");
      }
      assertThatThrownBy(() -> sample(options, Float.NEGATIVE_INFINITY, Float.NEGATIVE_INFINITY))
          .isInstanceOf(EngineException.class);
    }
  }

  /**
   * What can be drawn is what the definitions of top-k, top-p and min-p keep, one after another.
   */
  @Property(tries = 200)
  void drawsFromExactlyWhatIsKept(
      @ForAll long logitSeed,
      @ForAll @IntRange(min = 2, max = 30) int vocabulary,
      @ForAll @IntRange(min = 0, max = 12) int topK,
      @ForAll @DoubleRange(min = 0.05, max = 1) double topP,
      @ForAll @DoubleRange(min = 0, max = 0.5) double minP,
      @ForAll @DoubleRange(min = 0.3, max = 3) double temperature) {
    float[] logits = new float[vocabulary];
    Random random = new Random(logitSeed);
    for (int i = 0; i < vocabulary; i++) {
      logits[i] = (float) (2 * random.nextGaussian());
    }
    GenerationOptions options =
        GenerationOptions.defaults()
            .withTemperature(temperature)
            .withTopK(topK)
            .withTopP(topP)
            .withMinP(minP);
    Set<Integer> kept = new HashSet<>(keptByDefinition(logits, options));
    Set<Integer> drawn = new HashSet<>();
    for (int seed = 0; seed < 300; seed++) {
      drawn.add(sample(options.withSeed(seed), logits));
    }
    assertThat(kept).containsAll(drawn);
    // A token that is kept with a fair share must turn up in 300 draws.
    double total = kept.stream().mapToDouble(t -> Math.exp(logits[t] / temperature)).sum();
    for (int token : kept) {
      if (Math.exp(logits[token] / temperature) / total > 0.1) {
        assertThat(drawn).contains(token);
      }
    }
  }

  /**
   * Over vocabularies of all sizes and logits from flat to steep: the token is the one that a plain
   * sampler takes for the same random number, which sorts, cuts, and counts down in the order of
   * the ids. Where single precision cuts one token more or less it may be the next one.
   */
  @Property(tries = 300)
  void drawsWhatAPlainSamplerDraws(
      @ForAll long seed,
      @ForAll @IntRange(min = 2, max = 8000) int vocabulary,
      @ForAll @DoubleRange(min = 0, max = 4) double spread,
      @ForAll @DoubleRange(min = 0.05, max = 1.2) double topP,
      @ForAll @DoubleRange(min = -0.2, max = 0.5) double minP) {
    float[] logits = new float[vocabulary];
    Random random = new Random(seed);
    for (int i = 0; i < vocabulary; i++) {
      logits[i] = 1 + (float) (spread * random.nextGaussian());
    }
    GenerationOptions options =
        DRAWN.withTopP(Math.min(1, topP)).withMinP(Math.max(0, minP)).withSeed(seed);
    List<Integer> kept = new ArrayList<>(keptByDefinition(logits, options));
    Collections.sort(kept);
    double rest = new SplittableRandom(seed).nextDouble() * weight(logits, kept, options);
    int expected = 0;
    while (expected < kept.size() - 1 && rest >= weight(logits, kept, expected)) {
      rest -= weight(logits, kept, expected++);
    }
    int next = Math.min(expected + 1, kept.size() - 1);
    assertThat(kept.subList(Math.max(0, expected - 1), next + 1)).contains(sample(options, logits));
  }

  private static double weight(float[] logits, List<Integer> tokens, int index) {
    return Math.exp(logits[tokens.get(index)]);
  }

  private static List<Integer> keptByDefinition(float[] logits, GenerationOptions options) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < logits.length; i++) {
      order.add(i);
    }
    order.sort(Comparator.comparingDouble((Integer t) -> -logits[t]));
    List<Integer> kept = order;
    if (options.topK() > 0) {
      kept = kept.subList(0, Math.min(options.topK(), kept.size()));
    }
    if (options.topP() < 1) {
      double total = weight(logits, kept, options);
      double reached = 0;
      int count = 0;
      while (reached < options.topP() * total) {
        reached += weight(logits, kept.subList(count, count + 1), options);
        count++;
      }
      kept = kept.subList(0, count);
    }
    double least = options.minP() * weight(logits, kept.subList(0, 1), options);
    return kept.stream().filter(t -> weight(logits, List.of(t), options) >= least).toList();
  }

  private static double weight(float[] logits, List<Integer> tokens, GenerationOptions options) {
    return tokens.stream().mapToDouble(t -> Math.exp(logits[t] / options.temperature())).sum();
  }

  /** As T goes to 0 softmax(x / T) goes to equal shares of the largest logits, none for others. */
  @Test
  void temperaturesNearZeroDrawFromTheLikeliest() {
    for (double temperature : new double[] {1e-30, Float.MIN_VALUE, Double.MIN_VALUE}) {
      GenerationOptions cold = DRAWN.withTemperature(temperature);
      for (GenerationOptions options :
          List.of(
              cold,
              cold.withTopP(0.9),
              cold.withMinP(0.1),
              cold.withTopK(3),
              cold.withTopK(3).withTopP(0.9).withMinP(0.1))) {
        Set<Integer> drawn = new HashSet<>();
        for (int seed = 0; seed < 40; seed++) {
          GenerationOptions seeded = options.withSeed(seed);
          assertThat(sample(seeded, 1, 5, 2, Float.NEGATIVE_INFINITY)).isEqualTo(1);
          drawn.add(sample(seeded, 1, 5, 2, 5, -3));
        }
        assertThat(drawn).as("%s", options).containsExactlyInAnyOrder(1, 3);
      }
    }
  }

  /** Softmax of (0, ln 2, ln 5) is (1/8, 2/8, 5/8). */
  @Test
  void drawsAsOftenAsTheProbabilitiesSay() {
    float[] logits = {0, (float) Math.log(2), (float) Math.log(5)};
    int[] count = new int[3];
    for (int seed = 0; seed < 20_000; seed++) {
      count[sample(DRAWN.withSeed(seed), logits)]++;
    }
    assertThat(count[0] / 20_000.0).isCloseTo(0.125, within(0.012));
    assertThat(count[1] / 20_000.0).isCloseTo(0.250, within(0.015));
    assertThat(count[2] / 20_000.0).isCloseTo(0.625, within(0.015));
  }

  /** Positive logits are divided and negative ones multiplied, for tokens that occurred. */
  @Test
  void penalizesRepetitionAsCtrlDoes() {
    TokenSampler sampler =
        new TokenSampler(GenerationOptions.defaults().withRepetitionPenalty(2), new int[] {0, 1});
    FloatBuffer logits = FloatBuffer.wrap(new float[] {4, -1, 3, -2});
    assertThat(sampler.sample(logits, 4)).as("of 2, -2, 3, -2").isEqualTo(2);
    assertThat(sampler.sample(logits, 4)).as("of 2, -2, 1.5, -2").isEqualTo(0);
    assertThat(logits.array()).as("left to others").containsExactly(4, -1, 3, -2);
    FloatBuffer negative = FloatBuffer.wrap(new float[] {-1, -1, -3, -1.9f});
    assertThat(sampler.sample(negative, 4)).as("of -2, -2, -6, -1.9").isEqualTo(3);
  }

  private static int sample(GenerationOptions options, float... logits) {
    return new TokenSampler(options, new int[0])
        .sample(FloatBuffer.wrap(logits.clone()), logits.length);
  }

  @Property
  void exponentialAgreesWithTheJdk(@ForAll @DoubleRange(min = -699, max = 0) double x) {
    assertThat(Exponential.of(x)).isCloseTo(Math.exp(x), within(1e-9 * Math.exp(x)));
  }

  @Property
  void sumOfExponentialsAgreesWithTheJdk(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 3000) int count,
      @ForAll @DoubleRange(min = 0.1, max = 30) double spread,
      @ForAll @DoubleRange(min = 0.05, max = 3) double temperature) {
    Random random = new Random(seed);
    float[] logits = new float[count];
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < count; i++) {
      logits[i] = (float) (spread * random.nextGaussian());
      max = Math.max(max, logits[i]);
    }
    double expected = 0;
    for (float logit : logits) {
      expected += Math.exp((logit - max) / temperature);
    }
    assertThat(Exponential.sum(logits, count, max, (float) (1 / temperature), new float[count]))
        .isCloseTo(expected, within(1e-5 * expected));
  }

  @Test
  void exponentialOfWhatCannotBeDrawnIsNothing() {
    assertThat(Exponential.of(0)).isEqualTo(1);
    assertThat(Exponential.of(Double.NEGATIVE_INFINITY)).isZero();
    float[] logits = {Float.NEGATIVE_INFINITY, 3, 3};
    assertThat(Exponential.sum(logits, 3, 3, 1, new float[3])).isEqualTo(2);
  }
}
