package io.patchkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.IncompatiblePatchException.Mismatch;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PatchStackTest {

  @Test
  void keepsOrderAndCountsVirtualTokens() {
    Patch a = patch("a", Composition.free());
    Patch b = patch("b", Composition.free());
    PatchStack stack = PatchStack.of(a, b);
    assertThat(stack.patches()).containsExactly(a, b);
    assertThat(stack.prefixLength()).isEqualTo(4);
    assertThat(stack).isEqualTo(PatchStack.of(a).plus(b)).isNotEqualTo(PatchStack.of(b, a));
    assertThat(PatchStack.empty().prefixLength()).isZero();
  }

  @Test
  void refusesTwoPatchesInOneSlot() {
    Patch a = patch("a", Composition.free());
    assertThatThrownBy(() -> PatchStack.of(a, a))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("slot 'a'");
    Patch sameSlot = patch("b", Composition.free()).withManifest(m -> m.withSlot("a"));
    assertThatThrownBy(() -> PatchStack.of(a, sameSlot)).hasMessageContaining("slot 'a'");
  }

  @Test
  void demandsWhatAPatchRequiresBeforeIt() {
    Patch a = patch("a", Composition.free());
    Patch b = patch("b", new Composition(List.of("a"), List.of(), List.of()));
    assertThat(PatchStack.of(a, b).patches()).hasSize(2);
    assertThatThrownBy(() -> PatchStack.of(b, a)).hasMessageContaining("requires 'a' before it");
    assertThatThrownBy(() -> PatchStack.of(b)).hasMessageContaining("requires 'a' before it");
  }

  @Test
  void refusesConflictsAndWhatIsReplaced() {
    Patch a = patch("a", Composition.free());
    Patch b = patch("b", new Composition(List.of(), List.of("a"), List.of()));
    Patch c = patch("c", new Composition(List.of(), List.of(), List.of("a")));
    assertThatThrownBy(() -> PatchStack.of(a, b)).hasMessageContaining("conflicts with 'a'");
    assertThatThrownBy(() -> PatchStack.of(c, a)).hasMessageContaining("replaces 'a'");
  }

  /** The stub has hidden size 4, 1 layer, 1 key/value head and head width 4. */
  @ParameterizedTest
  @CsvSource({
    "1, 1, 4, ",
    "0, 0, 0, ",
    "2, 1, 4, base.layers of the patch is 2",
    "1, 3, 4, base.keyValueHeads of the patch is 3",
    "1, 1, 8, base.headDim of the patch is 8"
  })
  void demandsEverySizeThatTheBaseStates(
      int layers, int keyValueHeads, int headDim, @Nullable String mismatch) {
    BaseModel base = new BaseModel("base", List.of(), null, 0, layers, keyValueHeads, headDim);
    PatchStack stack =
        PatchStack.of(
            Patch.of(
                PatchManifest.of("p", new SemanticVersion(1, 0, 0, ""), base, Instant.EPOCH),
                SoftPrompt.of(4, EmbeddingSpace.LAYER_INPUT, new float[4])));
    StubModel model = new StubModel() {};
    if (mismatch == null) {
      stack.requireFits(model);
    } else {
      assertThatThrownBy(() -> stack.requireFits(model))
          .isInstanceOf(IncompatiblePatchException.class)
          .hasMessageContaining(mismatch)
          .extracting(e -> ((IncompatiblePatchException) e).mismatch())
          .isEqualTo(Mismatch.SHAPE);
    }
  }

  private static Patch patch(String name, Composition composition) {
    BaseModel base = new BaseModel("base", List.of(), null, 3, 0, 0, 0);
    return Patch.of(
        PatchManifest.of(name, new SemanticVersion(1, 0, 0, ""), base, Instant.EPOCH)
            .withComposition(composition),
        SoftPrompt.of(3, EmbeddingSpace.LAYER_INPUT, new float[] {1, 2, 3, 4, 5, name.charAt(0)}));
  }
}
