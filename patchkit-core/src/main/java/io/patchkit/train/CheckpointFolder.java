package io.patchkit.train;

import io.patchkit.PatchkitException;
import io.patchkit.Prefix;
import io.patchkit.format.AtomicFiles;
import io.patchkit.format.DType;
import io.patchkit.format.FormatException;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.Safetensors;
import io.patchkit.format.SafetensorsLimits;
import io.patchkit.format.StrictJson;
import io.patchkit.format.Tensor;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The checkpoints of one training: safetensors files named {@code step-00000012.safetensors}, the
 * newest two of them. A file holds the prefix ({@code parameters}), the one that the training
 * started from ({@code start}), the optimizer's moments, the best prefix so far, and in its
 * metadata one JSON object with the rest of the state and the {@link Training} that it belongs to,
 * and a SHA-256 of all of these. It appears whole or not at all; one that does not read back is
 * passed over for the one before it. Where none reads back, or one is of another version of the
 * format, nothing is loaded and nothing lost.
 */
final class CheckpointFolder {

  private static final Logger LOGGER = System.getLogger(CheckpointFolder.class.getName());

  private static final String NAMES = "step-*.safetensors";
  private static final String ABANDONED = ".????????-????-????-????-????????????.tmp";
  private static final String STATE = "patchkit.training";
  private static final String DIGEST = "patchkit.training.sha256";
  private static final int VERSION = 4;
  private static final int KEPT = 2;
  private static final List<String> TENSORS =
      List.of("parameters", "start", "moment1", "moment2", "best");
  private static final SafetensorsLimits LIMITS =
      SafetensorsLimits.defaults().withMaxBytes(Integer.MAX_VALUE);

  private final Path directory;

  private CheckpointFolder(Path directory) {
    this.directory = directory;
  }

  /** The folder, made if there is none, and rid of what an earlier crash left half-written. */
  static CheckpointFolder open(Path directory) {
    try {
      Files.createDirectories(directory);
      for (Path abandoned : list(directory, ABANDONED)) {
        Files.deleteIfExists(abandoned);
      }
    } catch (IOException e) {
      throw new PatchkitException(
          "cannot open the checkpoint folder " + directory + ": " + e.getMessage(), e);
    }
    return new CheckpointFolder(directory);
  }

  /**
   * What a checkpoint belongs to. The start is not part of it: an instruction's key/values have
   * other last bits on another runtime.
   *
   * @param plan as JSON, with digests in place of data and of a given start
   * @param base fingerprints of the model
   * @param criterion name of what chooses among states, or empty
   * @param steps of the plan, which no state is beyond
   */
  record Training(JsonObject plan, String base, String criterion, int steps) {}

  /** A state, and the file that it was read from. */
  record Stored(Path file, TrainingState state) {}

  /**
   * The newest state that reads back, or null where there is none. Another runtime than before is
   * warned of.
   *
   * @param start of the kind and sizes of the one that is stored
   * @param training that wants to go on
   * @param here what is to compute from now on
   * @throws PatchkitException if the checkpoints are another training's or another version's, or
   *     none reads back
   */
  @Nullable Stored load(Prefix start, Training training, ComputedBy here) {
    try {
      List<Path> files = list(directory, NAMES);
      files.sort(Comparator.reverseOrder());
      RuntimeException damage = null;
      for (Path file : files) {
        try {
          return new Stored(file, read(file, start, training, here));
        } catch (FormatException | IllegalArgumentException e) {
          LOGGER.log(
              Level.WARNING, "passing over the damaged checkpoint {0}: {1}", file, e.getMessage());
          damage = damage == null ? e : damage;
        }
      }
      if (damage != null) {
        throw new PatchkitException(
            "expected a checkpoint that reads back, found only damaged ones: "
                + files
                + ", the newest because "
                + damage.getMessage()
                + "; move them away to start anew",
            damage);
      }
      return null;
    } catch (IOException e) {
      throw new PatchkitException(
          "cannot read the checkpoints in " + directory + ": " + e.getMessage(), e);
    }
  }

  /** Writes a state, drops all but the newest two, and returns the file. */
  Path save(TrainingState state, Training training) {
    Path file = directory.resolve("step-%08d.safetensors".formatted(state.step));
    try {
      byte[] content = encode(state, training).toBytes();
      Uninterrupted.run(() -> AtomicFiles.writeFile(file, content));
      List<Path> files = list(directory, NAMES);
      files.sort(Comparator.reverseOrder());
      for (Path old : files.subList(Math.min(KEPT, files.size()), files.size())) {
        Files.deleteIfExists(old);
      }
    } catch (IOException e) {
      throw new PatchkitException("cannot write the checkpoint " + file + ": " + e.getMessage(), e);
    }
    return file;
  }

  private static Safetensors encode(TrainingState state, Training training) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("parameters", tensor(state.parameters));
    tensors.put("start", tensor(TrainingState.numbers(state.start)));
    tensors.put("moment1", tensor(state.moments.first));
    tensors.put("moment2", tensor(state.moments.second));
    JsonObject.Builder json =
        JsonObject.builder()
            .put("version", VERSION)
            .put("plan", training.plan())
            .put("base", training.base())
            .put("criterion", training.criterion())
            .put("computedBy", state.computedBy.toJson())
            .put("step", state.step)
            .put("curves", state.curves)
            .put("sinceImprovement", state.sinceImprovement)
            .put("watch", state.watch);
    TrainingState.Best best = state.best;
    if (best != null) {
      tensors.put("best", tensor(TrainingState.numbers(best.prefix())));
      json.put("bar", state.bar)
          .put(
              "best",
              JsonObject.builder()
                  .put("step", best.step())
                  .put("criterion", best.criterion())
                  .build());
    }
    String text = json.build().toString();
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put(STATE, text);
    metadata.put(DIGEST, digest(text, tensors));
    return new Safetensors(tensors, metadata);
  }

  private static TrainingState read(Path file, Prefix start, Training training, ComputedBy here)
      throws IOException {
    Safetensors content = Uninterrupted.read(() -> Safetensors.load(file, LIMITS));
    String text = content.metadata().get(STATE);
    if (text == null) {
      throw new IllegalArgumentException("its metadata has no " + STATE);
    }
    JsonObject json =
        StrictJson.parseObject(text.getBytes(StandardCharsets.UTF_8), JsonLimits.large());
    int version = json.integer("version", 0, Integer.MAX_VALUE);
    if (version != VERSION) {
      throw new PatchkitException(
          file
              + " is a checkpoint of version "
              + version
              + ", expected version "
              + VERSION
              + "; go on with the Patchkit that wrote it, or move the checkpoints away to start"
              + " anew");
    }
    if (!digest(text, content.tensors()).equals(content.metadata().get(DIGEST))) {
      throw new IllegalArgumentException("its numbers are not those that were written");
    }
    requireSame(file, training, json);
    ComputedBy before = ComputedBy.parse(json.object("computedBy"));
    int size = TrainingState.numbers(start).length;
    TrainingState state =
        TrainingState.restored(
            TrainingState.prefix(start, numbers(content, "start", size)),
            numbers(content, "parameters", size),
            new AdamW.Moments(numbers(content, "moment1", size), numbers(content, "moment2", size)),
            before.and(here));
    state.step = json.integer("step", 0, training.steps());
    state.curves = json.string("curves");
    state.sinceImprovement = json.integer("sinceImprovement", 0, Integer.MAX_VALUE);
    state.watch = json.object("watch");
    JsonObject best = json.optionalObject("best");
    if (best != null) {
      state.bar = json.number("bar", -Double.MAX_VALUE, Double.MAX_VALUE);
      state.best =
          new TrainingState.Best(
              best.integer("step", 0, state.step),
              best.number("criterion", -Double.MAX_VALUE, Double.MAX_VALUE),
              TrainingState.prefix(start, numbers(content, "best", size)));
    }
    warnOfAnother(file, here.runtimes(), before.runtimes());
    return state;
  }

  private static void warnOfAnother(Path file, List<String> here, List<String> before) {
    if (!here.equals(before)) {
      LOGGER.log(
          Level.WARNING,
          "{0} was computed by {1} and goes on with {2}: the result will not be bit by bit that"
              + " of a training without interruption",
          file,
          before,
          here);
    }
  }

  private static void requireSame(Path file, Training training, JsonObject found) {
    JsonObject plan = found.object("plan");
    if (!training.plan().equals(plan)) {
      throw another(file, "of the plan " + PlanDifference.describe(training.plan(), plan));
    }
    requireSame(file, "base model", training.base(), found.string("base"));
    requireSame(file, "criterion", training.criterion(), found.string("criterion"));
  }

  private static void requireSame(Path file, String what, String expected, String found) {
    if (!expected.equals(found)) {
      throw another(file, "expected the " + what + " '" + expected + "', found '" + found + "'");
    }
  }

  private static PatchkitException another(Path file, String difference) {
    return new PatchkitException(
        file
            + " belongs to another training: "
            + difference
            + "; train with the plan, data, model and selection of before, or in another folder");
  }

  private static Tensor tensor(float[] numbers) {
    return Tensor.of(DType.F32, numbers, numbers.length);
  }

  private static float[] numbers(Safetensors content, String name, int size) {
    Tensor tensor = content.tensors().get(name);
    if (tensor == null || tensor.dtype() != DType.F32 || tensor.size() != size) {
      throw new IllegalArgumentException(
          "expected " + size + " floats named " + name + ", found " + tensor);
    }
    return tensor.toArray();
  }

  /** The digest of a state: its JSON as it is written, and its tensors. */
  private static String digest(String json, Map<String, Tensor> tensors) {
    DataDigest digest = new DataDigest().add(json);
    for (String name : TENSORS) {
      Tensor tensor = tensors.get(name);
      digest.add(name);
      if (tensor != null) {
        digest.add(tensor.toArray());
      }
    }
    return digest.hex();
  }

  private static List<Path> list(Path directory, String glob) throws IOException {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> matching = Files.newDirectoryStream(directory, glob)) {
      matching.forEach(files::add);
    }
    return files;
  }
}
