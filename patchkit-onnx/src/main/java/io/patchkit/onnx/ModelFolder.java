package io.patchkit.onnx;

import io.patchkit.CorruptModelException;
import io.patchkit.PatchkitException;
import io.patchkit.format.FormatException;
import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonInteger;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.JsonValue;
import io.patchkit.format.StrictJson;
import io.patchkit.onnx.text.HuggingFaceTokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a model folder says of the model beside its graph. Exporters write {@code config.json} and
 * {@code generation_config.json} (Hugging Face) or {@code genai_config.json} (onnxruntime-genai),
 * or all three.
 *
 * @param folder the folder itself
 * @param graph the decoder's ONNX file
 * @param contextLength most positions
 * @param stopTokens ids that end a text, from the first of these that name some: the files for
 *     generation together, {@code config.json}, its part on the text model, the tokenizer's files
 * @param bosToken the beginning-of-sequence token, where there is one
 * @param headDim width of a key or value, for graphs that leave it open
 */
record ModelFolder(
    Path folder,
    Path graph,
    int contextLength,
    Set<Integer> stopTokens,
    OptionalInt bosToken,
    OptionalInt headDim) {

  private static final System.Logger LOG = System.getLogger(ModelFolder.class.getName());

  private static final List<String> CONTEXT_LENGTHS =
      List.of("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len");

  private static final int MOST_GRAPHS_NAMED = 20;

  /**
   * Reads the configuration files of a folder.
   *
   * @param chosen the graph to take, null for the folder's own
   * @throws IllegalArgumentException if the chosen graph lies outside of the folder
   */
  static ModelFolder read(Path folder, @Nullable String chosen) {
    if (!Files.isDirectory(folder)) {
      throw new CorruptModelException(
          folder + " is not a folder; expected one with a graph, a tokenizer and a configuration");
    }
    JsonObject config = readJson(folder, "config.json");
    JsonObject genai = readJson(folder, "genai_config.json");
    JsonObject generation = readJson(folder, "generation_config.json");
    try {
      JsonObject genaiModel = genai == null ? null : genai.optionalObject("model");
      if (config == null && genaiModel == null) {
        throw new CorruptModelException(
            folder
                + " has neither config.json nor genai_config.json; one of them must say how long"
                + " the context is");
      }
      JsonObject text = config == null ? null : config.optionalObject("text_config");
      return new ModelFolder(
          folder,
          graph(folder, candidates(chosen, genaiModel), chosen),
          contextLength(folder, genaiModel, config, text),
          stopTokens(genaiModel, generation, config, text),
          bosToken(generation, genaiModel, config, text),
          headDim(genaiModel, config, text));
    } catch (FormatException e) {
      throw new CorruptModelException(
          "the configuration in " + folder + " is malformed: " + e.getMessage(), e);
    }
  }

  /**
   * The same with the stop token that the tokenizer's files name, where no other file names one.
   */
  ModelFolder completedBy(HuggingFaceTokenizer tokenizer) {
    if (!stopTokens.isEmpty()) {
      return this;
    }
    String eos = tokenizer.specialTokens().eos().orElse(null);
    OptionalInt token = eos == null ? OptionalInt.empty() : tokenizer.addedToken(eos);
    if (token.isEmpty()) {
      LOG.log(
          System.Logger.Level.WARNING,
          "No file in "
              + folder
              + " says which token ends a text, so that the model's texts end at maxNewTokens or a"
              + " stop string only; put eos_token_id into generation_config.json");
      return this;
    }
    return new ModelFolder(
        folder, graph, contextLength, Set.of(token.getAsInt()), bosToken, headDim);
  }

  private static List<String> candidates(@Nullable String chosen, @Nullable JsonObject genaiModel) {
    if (chosen != null) {
      return List.of(chosen);
    }
    JsonObject decoder = genaiModel == null ? null : genaiModel.optionalObject("decoder");
    String named = decoder == null ? null : decoder.optionalString("filename");
    return named == null ? List.of("model.onnx", "onnx/model.onnx") : List.of(named);
  }

  private static Path graph(Path folder, List<String> candidates, @Nullable String chosen) {
    Path inside = folder.toAbsolutePath().normalize();
    for (String candidate : candidates) {
      Path graph = inside.resolve(candidate).normalize();
      boolean isInside = graph.startsWith(inside);
      if (isInside && Files.isRegularFile(graph)) {
        return graph;
      }
      if (!isInside && candidate.equals(chosen)) {
        throw new IllegalArgumentException(
            "graph is " + chosen + "; allowed: the path of a file within the folder " + folder);
      }
    }
    List<String> found = graphs(inside);
    throw new CorruptModelException(
        folder
            + " has no graph; expected the file "
            + String.join(" or ", candidates)
            + (found.isEmpty()
                ? "; export or fetch the model again"
                : ", found "
                    + String.join(", ", found)
                    + "; choose one with OnnxOptions.withGraph"));
  }

  /** The ONNX files of a folder and the folders in it. */
  private static List<String> graphs(Path folder) {
    try (Stream<Path> files =
        Files.find(
            folder,
            2,
            (file, attributes) ->
                file.getFileName().toString().endsWith(".onnx") && Files.isRegularFile(file))) {
      return files
          .map(file -> folder.relativize(file).toString().replace('\\', '/'))
          .sorted()
          .limit(MOST_GRAPHS_NAMED)
          .toList();
    } catch (IOException | UncheckedIOException e) {
      return List.of(); // It only helps a message.
    }
  }

  private static int contextLength(
      Path folder,
      @Nullable JsonObject genaiModel,
      @Nullable JsonObject config,
      @Nullable JsonObject text) {
    if (genaiModel != null && genaiModel.has("context_length")) {
      return genaiModel.integer("context_length", 1, Integer.MAX_VALUE);
    }
    for (JsonObject place : new JsonObject[] {config, text}) {
      for (String name : CONTEXT_LENGTHS) {
        if (place != null && place.has(name)) {
          return place.integer(name, 1, Integer.MAX_VALUE);
        }
      }
    }
    throw new CorruptModelException(
        "the configuration in "
            + folder
            + " does not say how long the context is; expected one of "
            + CONTEXT_LENGTHS);
  }

  private static Set<Integer> stopTokens(
      @Nullable JsonObject genaiModel,
      @Nullable JsonObject generation,
      @Nullable JsonObject config,
      @Nullable JsonObject text) {
    Set<Integer> tokens = new TreeSet<>();
    addTokens(genaiModel, tokens);
    addTokens(generation, tokens);
    for (JsonObject place : new JsonObject[] {config, text}) {
      if (tokens.isEmpty()) {
        addTokens(place, tokens);
      }
    }
    return tokens;
  }

  private static void addTokens(@Nullable JsonObject source, Set<Integer> tokens) {
    JsonValue value = source == null ? null : source.get("eos_token_id");
    if (source != null && value instanceof JsonArray array) {
      array.integers(0, Integer.MAX_VALUE).forEach(token -> tokens.add(token.intValue()));
    } else if (source != null && value instanceof JsonInteger) {
      tokens.add(source.integer("eos_token_id", 0, Integer.MAX_VALUE));
    }
  }

  private static OptionalInt bosToken(@Nullable JsonObject... sources) {
    for (JsonObject source : sources) {
      if (source != null && source.get("bos_token_id") instanceof JsonInteger) {
        return OptionalInt.of(source.integer("bos_token_id", 0, Integer.MAX_VALUE));
      }
    }
    return OptionalInt.empty();
  }

  private static OptionalInt headDim(
      @Nullable JsonObject genaiModel, @Nullable JsonObject config, @Nullable JsonObject text) {
    JsonObject decoder = genaiModel == null ? null : genaiModel.optionalObject("decoder");
    if (decoder != null && decoder.has("head_size")) {
      return OptionalInt.of(decoder.integer("head_size", 1, Integer.MAX_VALUE));
    }
    for (JsonObject place : new JsonObject[] {config, text}) {
      if (place != null && place.has("head_dim")) {
        return OptionalInt.of(place.integer("head_dim", 1, Integer.MAX_VALUE));
      }
      if (place != null && place.has("hidden_size") && place.has("num_attention_heads")) {
        return OptionalInt.of(
            place.integer("hidden_size", 1, Integer.MAX_VALUE)
                / place.integer("num_attention_heads", 1, Integer.MAX_VALUE));
      }
    }
    return OptionalInt.empty();
  }

  private static @Nullable JsonObject readJson(Path folder, String name) {
    Path file = folder.resolve(name);
    if (!Files.isRegularFile(file)) {
      return null;
    }
    try {
      return StrictJson.loadObject(file, JsonLimits.large());
    } catch (FormatException e) {
      throw new CorruptModelException(file + " is malformed: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new PatchkitException("cannot read " + file + ": " + e.getMessage(), e);
    }
  }
}
