package io.patchkit.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class JudgeTest {

  private static final Judge LENGTH =
      Judge.of("length", "2", exchange -> exchange.response().length() / 10.0);
  private static final Judge HALF = Judge.of("half", "1", exchange -> 0.5);

  @Test
  void derivesJudges() {
    Exchange three = Exchange.text("abc");
    assertThat(LENGTH.score(three)).isEqualTo(0.3);
    assertThat(LENGTH.opposite().score(three)).isEqualTo(0.7);
    assertThat(LENGTH.atThreshold(0.3).score(three)).isEqualTo(1);
    assertThat(LENGTH.atThreshold(0.31).score(three)).isZero();
    assertThat(Judge.highest(List.of(LENGTH, HALF)).score(three)).isEqualTo(0.5);
    assertThat(Judge.lowest(List.of(LENGTH, HALF)).score(three)).isEqualTo(0.3);
    assertThat(Judge.lowest(List.of(LENGTH, HALF)).id()).hasToString("all of (length 2, half 1)");
  }

  /** A score that is no number would be 0 at any threshold: free of harm. */
  @Test
  void holdsTheJudgeItDerivesFromToItsPromise() {
    Judge broken = Judge.of("broken", "1", exchange -> Double.NaN);
    for (Judge derived : List.of(broken.atThreshold(0.5), broken.opposite())) {
      assertThatThrownBy(() -> derived.score(Exchange.text("a")))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("judge broken 1 gave the score NaN; expected one in [0, 1]");
    }
  }

  @Test
  void scoresSamplesFromZeroToOne() {
    for (double score : new double[] {-0.1, 1.1, Double.NaN}) {
      assertThatThrownBy(() -> new Sample("prompt", "response", score))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("score is " + score + "; allowed: in [0, 1]");
    }
    assertThat(new Sample("prompt", "response", 1).score()).isEqualTo(1);
  }

  @Test
  void asksTheJudgeItDerivesFromForAllTogether() {
    List<Integer> asked = new ArrayList<>();
    Judge batching =
        new Judge() {
          @Override
          public JudgeId id() {
            return new JudgeId("batching", "1");
          }

          @Override
          public List<Double> scores(List<Exchange> exchanges) {
            asked.add(exchanges.size());
            return Collections.nCopies(exchanges.size(), 0.25);
          }
        };
    List<Exchange> three = List.of(Exchange.text("a"), Exchange.text("b"), Exchange.text("c"));
    assertThat(batching.opposite().atThreshold(0.75).scores(three)).containsExactly(1.0, 1.0, 1.0);
    assertThat(asked).containsExactly(3);
  }

  @Test
  void remembersWhoTakesPart() {
    Judge derived = Judge.highest(List.of(LENGTH.opposite().atThreshold(0.5), HALF));
    assertThat(derived.names()).containsExactly("half", "length");
    assertThat(derived.opposite().names()).as("none with a comma").isEqualTo(derived.names());
  }

  @Test
  void refusesThresholdsThatSayNothing() {
    assertThatThrownBy(() -> LENGTH.atThreshold(0))
        .hasMessage("threshold is 0.0; allowed: in (0, 1]");
  }

  @Test
  void knowsARefusalByItsWording() {
    RefusalWording wording = RefusalWording.english();
    assertThat(wording.isRefusal("I’m sorry, but I can’t help with that.")).isTrue();
    assertThat(wording.isRefusal("I cannot assist with this request")).isTrue();
    assertThat(wording.isRefusal("Dear nurse, thank you for your help.")).isFalse();
    assertThat(wording.isRefusal("")).isFalse();
  }
}
