package io.patchkit.onnx;

import io.patchkit.Generation;
import io.patchkit.GenerationQueue;
import io.patchkit.GenerationRequest;
import io.patchkit.onnx.decode.DecoderQueue;
import java.util.concurrent.CompletableFuture;

/** A queue over a view of a model. */
final class OnnxGenerationQueue implements GenerationQueue {

  private final OnnxLanguageModel view;
  private final DecoderQueue queue;

  OnnxGenerationQueue(OnnxLanguageModel view, DecoderQueue queue) {
    this.view = view;
    this.queue = queue;
  }

  @Override
  public CompletableFuture<Generation> submit(GenerationRequest request) {
    return view.loaded().engine().submit(queue, () -> view.row(request));
  }

  @Override
  public int waiting() {
    return queue.waiting();
  }

  @Override
  public void close() {
    queue.close();
  }
}
