package io.patchkit.examples;

import io.patchkit.BaseModel;
import io.patchkit.KeyValuePrefix;
import io.patchkit.LanguageModel;
import io.patchkit.Patch;
import io.patchkit.PatchManifest;
import io.patchkit.PatchkitException;
import io.patchkit.Prefix;
import io.patchkit.SemanticVersion;
import io.patchkit.SoftPrompt;
import io.patchkit.format.DType;
import io.patchkit.format.Float16;
import io.patchkit.onnx.OnnxModel;
import io.patchkit.train.DifferentiableModel;
import io.patchkit.train.Initialisation;
import io.patchkit.train.LearningRate;
import io.patchkit.train.PatchTrainer;
import io.patchkit.train.RunFolder;
import io.patchkit.train.Term;
import io.patchkit.train.TrainedPatch;
import io.patchkit.train.TrainingPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.stream.Stream;

/**
 * What the training examples have in common: a model, trained on in 32-bit floats and served in
 * fewer bits, a folder that keeps what an interruption must not lose, and the way a patch is
 * written. Used by one thread.
 */
final class TrainingBench implements AutoCloseable {

  private final String name;
  private final OnnxModel served;
  private final OnnxModel floats;
  private final DifferentiableModel trained;
  private final Path work;

  private TrainingBench(
      String name, OnnxModel served, OnnxModel floats, DifferentiableModel trained, Path work) {
    this.name = name;
    this.served = served;
    this.floats = floats;
    this.trained = trained;
    this.work = work;
  }

  /**
   * Opens the models, which are fetched once if the user names none.
   *
   * @param arguments may name them
   * @param out where the patch will be written
   * @param work keeps what an interruption must not lose
   * @throws PatchkitException if something is at {@code out}, which a training of hours would find
   *     out at its end
   */
  static TrainingBench open(ExampleArguments arguments, Path out, Path work)
      throws IOException, InterruptedException {
    requireFree(out, work);
    TrainingModels models = TrainingModels.of(arguments);
    OnnxModel floats = OnnxModel.open(models.trained());
    DifferentiableModel trained = floats.differentiable();
    OnnxModel served =
        models.served().equals(models.trained()) ? floats : OnnxModel.open(models.served());
    return new TrainingBench(models.name(), served, floats, trained, work);
  }

  /** Refuses a place for a patch where something is. */
  static void requireFree(Path out, Path work) {
    if (Files.exists(out)) {
      throw new PatchkitException(
          out
              + " is there already: move it away, or name another --out, and with it --work "
              + work
              + " to go on with what was trained there");
    }
  }

  /** The model that generates. */
  LanguageModel served() {
    return served;
  }

  /** The model that is differentiated. */
  DifferentiableModel trained() {
    return trained;
  }

  /** A folder among what is kept. */
  Path folder(String name) {
    return work.resolve(name);
  }

  /** A plan of the examples' kind, without validation. */
  static TrainingPlan plan(Initialisation start, int steps, double rate, long seed, Term... terms) {
    return TrainingPlan.of(start, steps, terms)
        .withLearningRate(LearningRate.cosine(rate))
        .withFrozenPositions(1)
        .withMicroBatch(8)
        .withSeed(seed);
  }

  /** A trainer that shows how far it is, and goes on where it was interrupted. */
  PatchTrainer trainer(String stage, TrainingPlan plan) {
    return PatchTrainer.of(trained, plan)
        .withListener(new TerminalListener(System.err, stage))
        .in(RunFolder.of(folder(stage)));
  }

  /** The served model through the state of a training. */
  LanguageModel through(Prefix prefix) {
    return served.withPatch(
        Patch.of(
            PatchManifest.of(
                "candidate", new SemanticVersion(0, 0, 0, ""), base(), Clock.systemUTC().instant()),
            prefix));
  }

  /** Writes version 1.0.0 of a patch, in 16 bits. */
  void save(TrainedPatch patch, String name, String description, Path out) {
    patch
        .toPatch(name, new SemanticVersion(1, 0, 0, ""), Clock.systemUTC().instant())
        .withManifest(
            manifest ->
                manifest.withBase(base()).withLicence("Apache-2.0").withDescription(description))
        .save(out, DType.F16);
    System.out.println("wrote " + out);
  }

  /** Whether a patch that was saved in 16 bits holds these numbers. */
  static boolean holds(Patch saved, Prefix prefix) {
    return saved.prefix().getClass() == prefix.getClass()
        && Arrays.equals(halves(saved.prefix()), halves(prefix));
  }

  private static short[] halves(Prefix prefix) {
    float[] rows =
        prefix instanceof KeyValuePrefix keyValue ? keyValue.rows() : ((SoftPrompt) prefix).rows();
    short[] halves = new short[rows.length];
    for (int i = 0; i < rows.length; i++) {
      halves[i] = Float16.fromFloat(rows[i]);
    }
    return halves;
  }

  /** The export that is trained on and the one that is served. */
  private BaseModel base() {
    BaseModel base = trained.base();
    return new BaseModel(
        name,
        Stream.of(served.fingerprint(), base.fingerprints().get(0)).distinct().toList(),
        base.tokenizerFingerprint(),
        base.hiddenSize(),
        base.layers(),
        base.keyValueHeads(),
        base.headDim());
  }

  @Override
  public void close() {
    trained.close();
    floats.close();
    if (served != floats) {
      served.close();
    }
  }
}
