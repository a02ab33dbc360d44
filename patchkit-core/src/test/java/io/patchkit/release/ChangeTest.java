package io.patchkit.release;

import static io.patchkit.release.SignedPatches.ANN;
import static io.patchkit.release.SignedPatches.digest;
import static io.patchkit.release.SignedPatches.verified;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.trust.VerifiedPatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reasons, also those that come from elsewhere: a channel, a failure. */
class ChangeTest {

  private static final String SMILE = "\uD83D\uDE00";

  @TempDir Path temporary;

  @ParameterizedTest
  @ValueSource(strings = {"\uD83D", "\uDE00", "a\uD83Db", "\uDE00\uD83D"})
  void aHalfOfASurrogatePairIsRefusedAndReplacedInAReason(String text) {
    assertThatThrownBy(() -> ANN.withReason(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("surrogate");
    assertThatThrownBy(() -> Change.by(text)).isInstanceOf(IllegalArgumentException.class);
    assertThat(Change.reasonOf(text)).isEqualTo(text.replaceAll("\\p{Cs}", "?"));
  }

  @Test
  void aReasonIsCutBetweenCharacters() {
    assertThat(Change.reasonOf("leaks")).isEqualTo("leaks");
    assertThat(Change.reasonOf("x".repeat(1001))).hasSize(1000);
    assertThat(Change.reasonOf(SMILE.repeat(501))).isEqualTo(SMILE.repeat(500));
    assertThat(Change.reasonOf("x" + SMILE.repeat(500))).isEqualTo("x" + SMILE.repeat(499));
    assertThat(ANN.withReason(SMILE.repeat(500)).reason()).hasSize(1000);
  }

  @ParameterizedTest
  @ValueSource(ints = {1000, 1001, 5000})
  void aPatchIsRevokedHoweverLongTheReasonIs(int length) {
    VerifiedPatch calm = verified("calm");
    String reason = "x".repeat(length);
    Path directory = temporary.resolve("store");
    PatchStore store = PatchStore.open(directory);
    store.install(calm, ANN);
    store.activate(digest(calm), ANN);
    PatchStore following =
        PatchStore.open(
            directory,
            StoreOptions.defaults()
                .withRevocations(
                    patch -> new Revocations.Standing(Revocations.State.REVOKED, reason)));
    assertThat(following.applyRevocations(ANN).stack()).isEmpty();
    assertThat(store.status().revoked()).containsEntry(digest(calm), "x".repeat(1000));
  }

  @Test
  void aStoreOfALongPathIsRecovered() throws IOException {
    Path directory = temporary;
    for (int i = 0; i < 5; i++) {
      directory = directory.resolve("d".repeat(240));
    }
    PatchStore store = PatchStore.open(directory);
    store.pin(store.rollback(0, ANN).number(), ANN);
    Files.writeString(directory.resolve("current"), "nonsense");
    store.pin(0, ANN);
    assertThat(store.current().origin()).isEqualTo(StackGeneration.Origin.RECOVERED);
    assertThat(store.current().change().reason()).hasSize(1000);
  }
}
