package io.patchkit.trust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.trust.UntrustedPatchException.Code;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ResourceNameTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/a",
        "a/",
        "a//b",
        ".",
        "..",
        "a/../b",
        "a/./b",
        "a.",
        "a./b",
        "a ",
        "a /b",
        "a\\b",
        "a:b",
        "a*",
        "a?",
        "a\"b",
        "a<b",
        "a>b",
        "a|b",
        "a\u0000",
        "a\u001f",
        "a\u007f",
        "a\u200b",
        "a\u202e",
        "a\ufeff",
        "e\u0301",
        "con",
        "PRN.txt",
        "a/aux",
        "nul.tar.gz",
        "COM1",
        "lpt9.x",
        "conin$",
        "CONOUT$"
      })
  void refuses(String name) {
    assertRefused(List.of(name));
  }

  @Test
  void allowsWhatIsOneFileEverywhere() {
    assertThatCode(
            () ->
                ResourceName.requireSafe(
                    List.of(
                        "a",
                        "a/b.c",
                        ".hidden",
                        "a b",
                        "\u00e9",
                        "confetti",
                        "x".repeat(1024),
                        "com",
                        "lpt10",
                        "\ud83d\ude00")))
        .doesNotThrowAnyException();
    assertRefused(List.of("x".repeat(1025)));
  }

  @ParameterizedTest
  @CsvSource({"a/b,A/b", "\u00e9,\u00c9", "stra\u00dfe,STRASSE", "\uff41,a", "\ufb01x,FIX"})
  void refusesTwoNamesThatAreOneFileSomewhere(String one, String other) {
    assertThatCode(() -> ResourceName.requireSafe(List.of(one))).doesNotThrowAnyException();
    assertThatCode(() -> ResourceName.requireSafe(List.of(other))).doesNotThrowAnyException();
    assertRefused(List.of(one, other));
  }

  /** The order in which model-signing 1.1.1 wrote the files of these names. */
  @Test
  void ordersByPartAndCodePoint() {
    List<String> ordered =
        List.of("B", "a/b/c", "a/z", "a-b", "a.txt", "\u00e9", "\uffee", "\ud83d\ude00");
    List<String> sorted = new ArrayList<>(ordered);
    Collections.reverse(sorted);
    sorted.sort(ResourceName.ORDER);
    assertThat(sorted).isEqualTo(ordered);
  }

  @Test
  void quotesForeignTextSafely() {
    assertThat(ResourceName.quote(" ~\u007f\u001f\u202e")).isEqualTo("' ~\\u007f\\u001f\\u202e'");
    assertThat(ResourceName.quote("x".repeat(80))).isEqualTo("'" + "x".repeat(80) + "'");
    assertThat(ResourceName.quote("x".repeat(81))).isEqualTo("'" + "x".repeat(80) + "…'");
  }

  private static void assertRefused(List<String> names) {
    assertThatThrownBy(() -> ResourceName.requireSafe(names))
        .isInstanceOf(UntrustedPatchException.class)
        .extracting("code")
        .isEqualTo(Code.UNSAFE_NAME);
  }
}
