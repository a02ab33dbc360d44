package io.patchkit.onnx.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.UnsupportedModelException;
import org.junit.jupiter.api.Test;

class PastInputTest {

  private final Graph graph = new Graph(10, 21);

  private void input(String name) {
    graph.addInput(TensorInfo.of(name, ElementType.FLOAT, Dim.of(1)));
  }

  @Test
  void areInTheOrderOfTheirLayers() {
    input("past_key_values.10.value");
    input("past_key_values.2.value");
    input("past_key_values.10.key");
    input("past_key_values.2.key");
    assertThat(PastInput.of(graph))
        .extracting(PastInput::name)
        .containsExactly(
            "past_key_values.2.key",
            "past_key_values.2.value",
            "past_key_values.10.key",
            "past_key_values.10.value");
  }

  @Test
  void otherNamesAreOtherInputs() {
    input("past_key_values.0.keys");
    input("past_key_values.99999999999.key");
    input("input_ids");
    assertThat(PastInput.of(graph)).isEmpty();
  }

  @Test
  void findsItsOutputByEitherName() {
    input("past_key_values.0.key");
    PastInput past = PastInput.of(graph).get(0);
    assertThatThrownBy(() -> past.present(graph))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("no output belongs to the input past_key_values.0.key");
    for (String present : new String[] {"present_key_values.0.key", "present.0.key"}) {
      graph.addOutput(TensorInfo.of(present, ElementType.FLOAT, Dim.of(1)));
      assertThat(past.present(graph)).isEqualTo(present);
    }
  }
}
