package io.patchkit.onnx.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class StopStringsTest {

  /** The definition: the text before the occurrence that begins first. */
  @Property(tries = 3000)
  void endsTheTextWhereTheNaiveSearchDoes(
      @ForAll("texts") String text,
      @ForAll("stops") List<String> stops,
      @ForAll List<@IntRange(max = 40) Integer> cuts) {
    int first = text.length();
    for (String stop : stops) {
      int at = text.indexOf(stop);
      first = at >= 0 ? Math.min(first, at) : first;
    }

    StopStrings scanner = new StopStrings(stops);
    StringBuilder shown = new StringBuilder();
    int from = 0;
    for (int cut : cuts.stream().filter(c -> c <= text.length()).sorted().toList()) {
      shown.append(scanner.push(text.substring(from, cut)));
      from = cut;
      assertThat(text.substring(0, first)).startsWith(shown);
    }
    shown.append(scanner.push(text.substring(from)));
    shown.append(scanner.finish());

    assertThat(shown.toString()).isEqualTo(text.substring(0, first));
    assertThat(scanner.isStopped()).isEqualTo(first < text.length());
  }

  @Property(tries = 1000)
  void holdsBackLessThanTheLongestStop(
      @ForAll("texts") String text, @ForAll("stops") List<String> stops) {
    StopStrings scanner = new StopStrings(stops);
    int longest = stops.stream().mapToInt(String::length).max().orElse(1);
    int shown = 0;
    for (int i = 0; i < text.length(); i++) {
      shown += scanner.push(text.substring(i, i + 1)).length();
      if (!scanner.isStopped()) {
        assertThat(i + 1 - shown).isLessThan(longest);
      }
    }
  }

  /** Three letters, so that stops overlap themselves and one another. */
  @Provide
  Arbitrary<String> texts() {
    return Arbitraries.strings().withChars("abc").ofMaxLength(40);
  }

  @Provide
  Arbitrary<List<String>> stops() {
    return Arbitraries.strings().withChars("abc").ofMinLength(1).ofMaxLength(5).list().ofMaxSize(3);
  }

  @Test
  void neverShowsHalfAStop() {
    StopStrings scanner = new StopStrings(List.of("\nUser:"));

    assertThat(scanner.push("Sure.\nUs")).isEqualTo("Sure.");
    assertThat(scanner.push("e this")).isEqualTo("\nUse this");
    assertThat(scanner.push("\nUser")).isEmpty();
    assertThat(scanner.push(": hello")).isEmpty();
    assertThat(scanner.isStopped()).isTrue();
    assertThat(scanner.push("more")).isEmpty();
    assertThat(scanner.finish()).isEmpty();
  }

  @Test
  void waitsForAStopThatBeganEarlier() {
    StopStrings completed = new StopStrings(List.of("abc", "b"));
    assertThat(completed.push("xab") + completed.push("c")).isEqualTo("x");

    StopStrings broken = new StopStrings(List.of("abc", "b"));
    assertThat(broken.push("xab") + broken.push("d")).isEqualTo("xa");

    StopStrings cutOff = new StopStrings(List.of("abc", "b"));
    assertThat(cutOff.push("xab") + cutOff.finish()).isEqualTo("xa");
    assertThat(cutOff.isStopped()).isTrue();
  }

  @Test
  void givesTheTailBackAtTheEnd() {
    StopStrings scanner = new StopStrings(List.of("</s>"));
    assertThat(scanner.push("a </")).isEqualTo("a ");
    assertThat(scanner.finish()).isEqualTo("</");
    assertThat(scanner.isStopped()).isFalse();
  }

  @Test
  void refusesAnEmptyStop() {
    assertThatIllegalArgumentException().isThrownBy(() -> new StopStrings(List.of("a", "")));
  }
}
