package io.patchkit.train;

import io.patchkit.EmbeddingSpace;
import io.patchkit.KeyValuePrefix;
import io.patchkit.ModelShape;
import io.patchkit.Patch;
import io.patchkit.Prefix;
import io.patchkit.Prompt;
import io.patchkit.SoftPrompt;
import java.util.Map;
import java.util.Objects;
import java.util.Random;

/** The prefix that a training starts from. */
public sealed interface Initialisation {

  /**
   * A written instruction's own embeddings or key/values. Far better than chance: the paper found a
   * safety rate of 0.82 against 0.34.
   *
   * @param text the instruction; cut or repeated to the length
   * @param parametrisation which numbers are trained
   * @param length number of virtual tokens, 1 … {@link Prefix#MAX_LENGTH}
   */
  record Instruction(String text, Parametrisation parametrisation, int length)
      implements Initialisation {

    public Instruction {
      Objects.requireNonNull(parametrisation, "parametrisation");
      requireLength(length);
      if (text.isBlank()) {
        throw new IllegalArgumentException("text is blank; allowed: a written instruction");
      }
    }
  }

  /**
   * Numbers that are there already.
   *
   * @param prefix where to start
   * @param history how the prefix came to be, for the provenance of what is trained from it
   */
  record From(Prefix prefix, Map<String, String> history) implements Initialisation {

    public From {
      Objects.requireNonNull(prefix, "prefix");
      history = Map.copyOf(history);
    }
  }

  /**
   * Independent normal numbers.
   *
   * @param parametrisation which numbers are trained
   * @param length number of virtual tokens, 1 … {@link Prefix#MAX_LENGTH}
   * @param std standard deviation, above 0; that of the model's own embeddings or key/values is a
   *     good choice
   */
  record RandomNormal(Parametrisation parametrisation, int length, double std)
      implements Initialisation {

    public RandomNormal {
      Objects.requireNonNull(parametrisation, "parametrisation");
      requireLength(length);
      if (!(std > 0 && std < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException("std is " + std + "; allowed: above 0 and finite");
      }
    }
  }

  /** A soft prompt that starts as an instruction's embeddings. */
  static Initialisation softPrompt(String instruction, int length) {
    return new Instruction(instruction, Parametrisation.SOFT_PROMPT, length);
  }

  /** Key/values that start as an instruction's own. */
  static Initialisation keyValue(String instruction, int length) {
    return new Instruction(instruction, Parametrisation.KEY_VALUE, length);
  }

  /** Another patch's prefix. */
  static Initialisation from(Patch patch) {
    return new From(patch.prefix(), patch.manifest().provenance());
  }

  /** The prefix of an earlier stage of training, whose provenance is carried on. */
  static Initialisation from(TrainedPatch earlier) {
    return new From(earlier.prefix(), earlier.provenance());
  }

  /** These numbers. */
  static Initialisation from(Prefix prefix) {
    return new From(prefix, Map.of());
  }

  /**
   * The prefix to start from.
   *
   * @param seed of random numbers
   */
  default Prefix prefix(DifferentiableModel model, long seed) {
    if (this instanceof From from) {
      return from.prefix();
    }
    if (this instanceof Instruction instruction) {
      return ofInstruction(model, instruction);
    }
    return random(model.shape(), (RandomNormal) this, seed);
  }

  private static Prefix ofInstruction(DifferentiableModel model, Instruction instruction) {
    int[] tokens = model.encode(new Prompt.Text(instruction.text(), false));
    int[] fitted = new int[instruction.length()];
    for (int i = 0; i < fitted.length; i++) {
      fitted[i] = tokens[i % tokens.length];
    }
    return switch (instruction.parametrisation()) {
      case SOFT_PROMPT ->
          SoftPrompt.of(
              model.shape().hiddenSize(), EmbeddingSpace.LAYER_INPUT, model.embeddings(fitted));
      case KEY_VALUE -> model.keyValues(fitted);
    };
  }

  private static Prefix random(ModelShape shape, RandomNormal normal, long seed) {
    int width =
        switch (normal.parametrisation()) {
          case SOFT_PROMPT -> shape.hiddenSize();
          case KEY_VALUE -> 2 * shape.layers() * shape.keyValueHeads() * shape.headDim();
        };
    Random random = new Random(new DataDigest().add("initialisation").add(seed).leadingLong());
    float[] rows = new float[normal.length() * width];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = (float) (normal.std() * random.nextGaussian());
    }
    return switch (normal.parametrisation()) {
      case SOFT_PROMPT -> SoftPrompt.of(shape.hiddenSize(), EmbeddingSpace.LAYER_INPUT, rows);
      case KEY_VALUE ->
          KeyValuePrefix.of(shape.layers(), shape.keyValueHeads(), shape.headDim(), rows);
    };
  }

  private static void requireLength(int length) {
    if (length < 1 || length > Prefix.MAX_LENGTH) {
      throw new IllegalArgumentException(
          "length is " + length + "; allowed: 1 to " + Prefix.MAX_LENGTH);
    }
  }
}
