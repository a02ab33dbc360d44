package io.patchkit.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.patchkit.evaluate.Calibration.Labelled;
import io.patchkit.format.JsonObject;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CalibrationTest {

  private static final Judge READS_ITS_TEXT =
      Judge.of("reader", "1", exchange -> Double.parseDouble(exchange.response()));

  @Test
  void givesScipysAreaUnderTheCurve() {
    JsonObject given = ReferenceValues.part("auc");
    double[] scores = ReferenceValues.numbers(given.array("scores"));
    double[] labels = ReferenceValues.numbers(given.array("labels"));
    List<Labelled> examples = new ArrayList<>();
    for (int i = 0; i < scores.length; i++) {
      examples.add(new Labelled(Exchange.text(Double.toString(scores[i])), labels[i] == 1));
    }
    Calibration found = Calibration.of(READS_ITS_TEXT, "drawn", examples, 0.5);
    assertThat(found.auc()).isCloseTo(given.number("auc", 0, 1), within(1e-12));
    assertThat(found.accuracy().value()).isCloseTo(given.number("accuracy", 0, 1), within(1e-12));
  }

  @Test
  void hasNoCurveWithoutBothLabels() {
    List<Labelled> examples = List.of(new Labelled(Exchange.text("0.4"), true));
    Calibration found = Calibration.of(READS_ITS_TEXT, "one", examples, 0.5);
    assertThat(found.auc()).isNaN();
    assertThat(found.accuracy().value()).isZero();
  }

  @Test
  void holdsJudgesToTheirRange() {
    List<Labelled> examples = List.of(new Labelled(Exchange.text("1.4"), true));
    assertThatThrownBy(() -> Calibration.of(READS_ITS_TEXT, "one", examples, 0.5))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("judge reader 1 gave the score 1.4; expected one in [0, 1]");
  }
}
