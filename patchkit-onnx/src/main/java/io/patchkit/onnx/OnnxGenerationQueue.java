package io.patchkit.onnx;

import io.patchkit.Generation;
import io.patchkit.GenerationQueue;
import io.patchkit.GenerationRequest;
import io.patchkit.onnx.decode.DecoderQueue;
import java.util.concurrent.CompletableFuture;

/** A queue over a model's engine. */
final class OnnxGenerationQueue implements GenerationQueue {

  private final OnnxModel model;
  private final DecoderQueue queue;

  OnnxGenerationQueue(OnnxModel model, DecoderQueue queue) {
    this.model = model;
    this.queue = queue;
  }

  @Override
  public CompletableFuture<Generation> submit(GenerationRequest request) {
    return model.loaded().engine().submit(queue, model.row(request));
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
