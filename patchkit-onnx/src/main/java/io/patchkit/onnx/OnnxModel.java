package io.patchkit.onnx;

import io.patchkit.GenerationQueue;
import io.patchkit.Model;
import io.patchkit.ModelMetrics;
import io.patchkit.PatchStack;
import io.patchkit.onnx.gradient.DifferentiableDecoder;
import io.patchkit.onnx.gradient.GradientOptions;
import io.patchkit.train.DifferentiableModel;
import java.nio.file.Path;

/**
 * A language model exported to ONNX, run by ONNX Runtime.
 *
 * <p>A model folder holds the decoder graph with its cache as inputs and outputs ({@code
 * model.onnx}, or another file by {@link OnnxOptions#withGraph}; weights inside or beside it),
 * {@code tokenizer.json}, and {@code config.json} or {@code genai_config.json}; for chats also
 * {@code chat_template.jinja} or a template in {@code tokenizer_config.json}. Exports of optimum
 * ({@code text-generation-with-past}) and of the onnxruntime-genai model builder are such folders.
 * Nothing in the folder is changed.
 *
 * <p>Thread-safe. Whoever opens a model closes it; views made with {@link #withPatches} end with
 * it.
 */
public final class OnnxModel extends OnnxLanguageModel implements Model {

  private OnnxModel(LoadedModel loaded) {
    super(loaded, PatchStack.empty());
  }

  /** Opens a model folder with {@link OnnxOptions#defaults()}. */
  public static OnnxModel open(Path folder) {
    return open(folder, OnnxOptions.defaults());
  }

  /**
   * Opens a model folder.
   *
   * @throws IllegalArgumentException if {@link OnnxOptions#graph} lies outside of the folder
   * @throws io.patchkit.CorruptModelException if a file is missing, truncated or malformed
   * @throws io.patchkit.UnsupportedModelException if the graph has no past inputs, or inputs and
   *     shapes that this library does not know
   * @throws io.patchkit.EngineException if ONNX Runtime refuses the graph
   */
  public static OnnxModel open(Path folder, OnnxOptions options) {
    return new OnnxModel(LoadedModel.load(folder, options));
  }

  /**
   * This model as something to train patches on, with as many threads as the process may use
   * processors. It runs on the processor, also where this model runs on a GPU, shares the weights
   * through their files and builds its gradient graphs on first use.
   *
   * @return the caller's to close; independent of this model's own close but for its tokenizer
   */
  public DifferentiableModel differentiable() {
    return differentiable(GradientOptions.defaults());
  }

  /**
   * Like {@link #differentiable()} with a number of threads, rows of one run, and a folder that
   * keeps the built graphs for the next time.
   */
  public DifferentiableModel differentiable(GradientOptions options) {
    return new OnnxDifferentiableModel(
        this, DifferentiableDecoder.open(loaded().file(), options), options);
  }

  /**
   * Opens a queue that decodes the requests of many threads together, up to {@link
   * OnnxOptions#batchRows()} at once. Requests that name no patches run on the bare model, also
   * where {@code LivePatches} follows a store: see {@link GenerationQueue}.
   *
   * @param maxWaiting how many requests may wait for a place, ≥ 1; one more is turned away
   * @return the caller's to close; it ends with the model too
   */
  public GenerationQueue openQueue(int maxWaiting) {
    return openQueue(PatchStack.empty(), maxWaiting);
  }

  /**
   * Like {@link #openQueue(int)}; requests that name no patches run through these.
   *
   * @throws io.patchkit.IncompatiblePatchException if a patch was made for another model
   */
  public GenerationQueue openQueue(PatchStack patches, int maxWaiting) {
    if (maxWaiting < 1) {
      throw new IllegalArgumentException("maxWaiting is " + maxWaiting + "; allowed: at least 1");
    }
    OnnxLanguageModel view = through(patches);
    return new OnnxGenerationQueue(view, loaded().engine().openQueue(maxWaiting));
  }

  @Override
  public ModelMetrics metrics() {
    return loaded().engine().metrics();
  }

  @Override
  public void close() {
    loaded().engine().close();
  }
}
