package io.patchkit.onnx.decode;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import org.junit.jupiter.api.Test;

/** A request is cancelled from another thread, at any time. */
class CancellationTest {

  /** A model that closes frees what a pass is fed with before the pass is told to be over. */
  @Test
  void reachesIntoNothingThatIsFreed() throws OrtException {
    StepBuffers steps =
        new StepBuffers(OrtEnvironment.getEnvironment(), BufferPoolTest.LAYOUT, 1, 4);
    Cancellation cancellation = new Cancellation();
    assertThat(cancellation.begin(steps)).isTrue();
    steps.close();
    cancellation.cancel();
    assertThat(cancellation.isCancelled()).isTrue();
    cancellation.end();
    assertThat(cancellation.begin(steps)).isFalse();
  }
}
