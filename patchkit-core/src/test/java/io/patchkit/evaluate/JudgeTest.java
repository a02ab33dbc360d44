package io.patchkit.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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

  @Test
  void remembersWhoTakesPart() {
    Judge derived = Judge.highest(List.of(LENGTH.opposite().atThreshold(0.5), HALF));
    assertThat(derived.names()).contains("length", "half");
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
