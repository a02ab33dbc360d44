package io.patchkit.onnx.gguf;

import io.patchkit.CorruptModelException;
import io.patchkit.PatchkitException;
import io.patchkit.UnsupportedModelException;
import io.patchkit.format.AtomicFiles;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Turns a GGUF checkpoint of a llama model into a model folder.
 *
 * <p>The folder holds the decoder graph with its weights beside it, the tokenizer, the chat
 * template and the configuration, in the layout of onnxruntime-genai. Quantised weights keep their
 * codes and scales; none is rounded again. Equal checkpoints give byte-equal folders, on every
 * machine.
 *
 * <p>The checkpoint is read in pieces of a few megabytes; the heap holds its vocabulary and no
 * more. It must not change during the import. Nothing of the folder is visible before it is whole.
 */
public final class GgufImport {

  private static final String GRAPH = "model.onnx";
  private static final String DATA = "model.onnx.data";

  private GgufImport() {}

  /** Hears how far an import is; called on the importing thread, once for each weight. */
  @FunctionalInterface
  public interface Progress {
    /**
     * Hears that more is done.
     *
     * @param done bytes of weights written
     * @param total bytes of weights in all
     */
    void advanced(long done, long total);
  }

  /** How the weights of a checkpoint are kept. */
  public enum Weights {
    /**
     * Block codes stay codes where the runtime has fast kernels for them: small and fast. An
     * embedding or an output projection in an affine format (Q4_1, Q5_1, Q2_K, Q4_K, Q5_K) has
     * none, and is decoded to 32-bit floats: 2.1 GB at 128,256 × 4,096.
     */
    AS_STORED,
    /**
     * All as 32-bit floats of the same values: for training, whose large batches are several times
     * faster on floats, and for comparing with other engines. Some eight times the size.
     */
    FLOAT32
  }

  /**
   * Imports a checkpoint.
   *
   * @param checkpoint the GGUF file
   * @param folder the folder to make: absent or empty, in a folder that exists
   * @throws IllegalArgumentException if there is something already
   * @throws CorruptModelException if the file is missing, truncated or damaged
   * @throws UnsupportedModelException if the file is intact but holds a model, tensor type or
   *     tokenizer that cannot be imported
   * @throws PatchkitException if reading or writing fails
   */
  public static void convert(Path checkpoint, Path folder) {
    convert(checkpoint, folder, Weights.AS_STORED);
  }

  /**
   * Imports a checkpoint, its weights kept as said.
   *
   * @see #convert(Path, Path)
   */
  public static void convert(Path checkpoint, Path folder, Weights kept) {
    convert(checkpoint, folder, kept, (done, total) -> {});
  }

  /**
   * Imports a checkpoint and reports progress.
   *
   * @see #convert(Path, Path)
   */
  public static void convert(Path checkpoint, Path folder, Weights kept, Progress progress) {
    try (GgufFile file = GgufFile.open(checkpoint)) {
      LlamaConfig config = LlamaConfig.of(file);
      TokenizerModel tokenizer = TokenizerModel.of(file.metadata(), config.vocabulary());
      WeightPlan weights = new WeightPlan(DATA);
      byte[] graph = LlamaGraph.build(file, config, weights, kept == Weights.FLOAT32).toBytes();
      AtomicFiles.writeDirectory(
          folder,
          directory -> {
            writeWeights(weights, directory.resolve(DATA), progress);
            Files.write(directory.resolve(GRAPH), graph);
            writeTexts(directory, file, config, tokenizer);
          });
    } catch (FileAlreadyExistsException | DirectoryNotEmptyException e) {
      throw new IllegalArgumentException(
          "folder " + folder + " is there already; give the path of a new one", e);
    } catch (IOException e) {
      throw new PatchkitException(
          "importing %s to %s failed: %s".formatted(checkpoint, folder, e), e);
    }
  }

  private static void writeWeights(WeightPlan weights, Path data, Progress progress)
      throws IOException {
    try (FileChannel out =
        FileChannel.open(data, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      weights.write(out, progress);
    }
  }

  private static void writeTexts(
      Path folder, GgufFile file, LlamaConfig config, TokenizerModel tokenizer) throws IOException {
    boolean tied = file.tensor(LlamaGraph.OUTPUT) == null;
    ConfigFiles configs = new ConfigFiles(config, tokenizer, tied);
    write(folder, "tokenizer.json", out -> TokenizerJson.write(out, tokenizer));
    write(folder, "tokenizer_config.json", configs::tokenizerConfig);
    write(folder, "config.json", configs::config);
    write(folder, "generation_config.json", configs::generationConfig);
    write(folder, "genai_config.json", out -> configs.genaiConfig(out, GRAPH));
    String template = file.metadata().text("tokenizer.chat_template");
    if (template != null) {
      Files.writeString(folder.resolve("chat_template.jinja"), template);
    }
  }

  private interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  private static void write(Path folder, String name, Content content) throws IOException {
    try (OutputStream out =
        new BufferedOutputStream(Files.newOutputStream(folder.resolve(name)), 1 << 16)) {
      content.writeTo(out);
    }
  }
}
