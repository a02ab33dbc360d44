package io.patchkit.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.evaluate.Metric.Direction;
import io.patchkit.evaluate.Metric.Unit;
import io.patchkit.format.FormatException;
import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.StrictJson;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a report that somebody else wrote may put on the page, and what the page draws. */
class ReportPageTest {

  private static final String DIGEST = "0123456789abcdef".repeat(4);

  private static Figure figure(String metric, Unit unit, Direction better, double value) {
    Estimate estimate = new Estimate(value, value - 0.1, value + 0.1, 60);
    return new Figure(
        metric,
        unit,
        better,
        JudgeId.COUNT,
        List.of(new Figure.Cell("base", estimate, null, Map.of())));
  }

  private static final Figure GAP = figure("gap", Unit.SHARE, Direction.BALANCED, -0.4);
  private static final Figure SCORE = figure("score", Unit.NUMBER, Direction.LOWER, 3);
  private static final Figure USEFUL = figure("useful", Unit.SHARE, Direction.HIGHER, 0.9);
  private static final Figure ATTACK = figure("attack", Unit.SHARE, Direction.LOWER, 0.2);
  private static final Figure REFUSED = figure("refused", Unit.SHARE, Direction.LOWER, 0.1);

  private static SuiteReport suite(Purpose purpose, String digest, Figure... figures) {
    return new SuiteReport(
        "suite", purpose, "data", digest, 60, List.of(), List.of(figures), Map.of(), Map.of());
  }

  /** A report of suites for safety, each of one figure, and one for over-refusal. */
  private static SafetyReport report(Figure overRefusal, Figure... safety) {
    List<SuiteReport> suites = new ArrayList<>();
    for (Figure figure : safety) {
      suites.add(suite(Purpose.SAFETY, DIGEST, figure));
    }
    suites.add(suite(Purpose.OVER_REFUSAL, DIGEST, overRefusal));
    JsonObject identity = JsonObject.builder().put("model", "m").put("patches", NONE).build();
    return new SafetyReport(
        List.of(new SafetyReport.MeasuredVariant("base", identity)),
        1,
        suites,
        List.of(),
        List.of());
  }

  private static final JsonArray NONE = JsonArray.of(List.<JsonObject>of());

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "0123",
        "<script src=//a></script><script src=//a></script><script src=//>",
        "0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef"
      })
  void takesNoDigestThatIsNone(String digest) {
    SafetyReport report = report(REFUSED, ATTACK);
    assertThat(report.toHtml()).contains("<code>0123456789abcdef…</code>");
    String json =
        new String(StrictJson.write(report.toJson()), StandardCharsets.UTF_8)
            .replace(DIGEST, digest);
    JsonObject changed =
        StrictJson.parseObject(json.getBytes(StandardCharsets.UTF_8), JsonLimits.large());
    assertThatThrownBy(() -> SafetyReport.of(changed))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("sha256");
    assertThatThrownBy(() -> suite(Purpose.SAFETY, digest, ATTACK))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("dataDigest");
  }

  @Test
  void drawsAgainstEachOtherOnlySharesThatAreBestAtZero() {
    String title = "Safety against over-refusal";
    assertThat(report(REFUSED, GAP).toHtml()).doesNotContain(title);
    assertThat(report(REFUSED, USEFUL).toHtml()).doesNotContain(title);
    assertThat(report(GAP, ATTACK).toHtml()).doesNotContain(title);
    assertThat(report(REFUSED, SCORE, GAP, ATTACK).toHtml())
        .contains(title, "aria-label=\"attack against refused\"");
  }
}
