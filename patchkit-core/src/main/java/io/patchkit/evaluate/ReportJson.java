package io.patchkit.evaluate;

import io.patchkit.evaluate.Metric.Direction;
import io.patchkit.evaluate.Metric.Unit;
import io.patchkit.evaluate.SafetyReport.MeasuredVariant;
import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonObject;
import io.patchkit.format.JsonValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** A report as JSON and back. What is not defined is null. */
final class ReportJson {

  static final int FORMAT_VERSION = 1;

  private ReportJson() {}

  static JsonObject write(SafetyReport report) {
    return JsonObject.builder()
        .put("formatVersion", FORMAT_VERSION)
        .put("notices", JsonArray.ofStrings(report.notices()))
        .put("seed", report.seed())
        .put("variants", array(report.variants(), ReportJson::variant))
        .put("suites", array(report.suites(), ReportJson::suite))
        .put("calibrations", array(report.calibrations(), ReportJson::calibration))
        .build();
  }

  static SafetyReport read(JsonObject json) {
    json.rejectUnknown("formatVersion", "notices", "seed", "variants", "suites", "calibrations");
    if (json.integer("formatVersion", 1, Integer.MAX_VALUE) != FORMAT_VERSION) {
      throw json.notAllowed(
          "formatVersion", FORMAT_VERSION + ", the only version this library reads");
    }
    return new SafetyReport(
        list(
            json.array("variants"),
            each -> new MeasuredVariant(each.string("name"), each.object("identity"))),
        json.integer("seed", Long.MIN_VALUE, Long.MAX_VALUE),
        list(json.array("suites"), ReportJson::suite),
        list(json.array("calibrations"), ReportJson::calibration),
        json.array("notices").strings());
  }

  private static JsonObject variant(MeasuredVariant variant) {
    return JsonObject.builder()
        .put("name", variant.name())
        .put("identity", variant.identity())
        .build();
  }

  private static JsonObject suite(SuiteReport suite) {
    JsonObject.Builder scores = JsonObject.builder();
    suite
        .scores()
        .forEach(
            (variant, bins) ->
                scores.put(
                    variant,
                    JsonArray.ofIntegers(bins.stream().mapToLong(Integer::longValue).toArray())));
    JsonObject.Builder samples = JsonObject.builder();
    suite.samples().forEach((variant, of) -> samples.put(variant, array(of, ReportJson::sample)));
    return JsonObject.builder()
        .put("suite", suite.suite())
        .put("purpose", text(suite.purpose()))
        .put(
            "data",
            JsonObject.builder()
                .put("name", suite.data())
                .put("sha256", suite.dataDigest())
                .put("n", suite.n())
                .build())
        .put("judges", array(suite.judges(), ReportJson::judge))
        .put("figures", array(suite.figures(), ReportJson::figure))
        .put("scores", scores.build())
        .put("samples", samples.build())
        .build();
  }

  private static SuiteReport suite(JsonObject json) {
    JsonObject data = json.object("data");
    if (!SuiteReport.isDigest(data.string("sha256"))) {
      throw data.notAllowed("sha256", "64 lower-case hexadecimal digits");
    }
    Map<String, List<Integer>> scores = new LinkedHashMap<>();
    JsonObject bins = json.object("scores");
    for (String variant : bins.names()) {
      List<Integer> counts = new ArrayList<>();
      for (long count : bins.array(variant).integers(0, Integer.MAX_VALUE)) {
        counts.add((int) count);
      }
      scores.put(variant, counts);
    }
    Map<String, List<Sample>> samples = new LinkedHashMap<>();
    JsonObject said = json.object("samples");
    for (String variant : said.names()) {
      samples.put(variant, list(said.array(variant), ReportJson::sample));
    }
    return new SuiteReport(
        json.string("suite"),
        constant(json, "purpose", Purpose.values()),
        data.string("name"),
        data.string("sha256"),
        data.integer("n", 0, Integer.MAX_VALUE),
        list(json.array("judges"), ReportJson::judge),
        list(json.array("figures"), ReportJson::figure),
        scores,
        samples);
  }

  private static JsonObject judge(JudgeId judge) {
    return JsonObject.builder().put("name", judge.name()).put("version", judge.version()).build();
  }

  private static JudgeId judge(JsonObject json) {
    return new JudgeId(json.string("name"), json.string("version"));
  }

  private static JsonObject sample(Sample sample) {
    return JsonObject.builder()
        .put("prompt", sample.prompt())
        .put("response", sample.response())
        .put("score", sample.score())
        .build();
  }

  private static Sample sample(JsonObject json) {
    return new Sample(json.string("prompt"), json.string("response"), json.number("score", 0, 1));
  }

  private static JsonObject figure(Figure figure) {
    return JsonObject.builder()
        .put("metric", figure.metric())
        .put("unit", text(figure.unit()))
        .put("better", text(figure.better()))
        .put("judge", judge(figure.judge()))
        .put("variants", array(figure.cells(), ReportJson::cell))
        .build();
  }

  private static Figure figure(JsonObject json) {
    return new Figure(
        json.string("metric"),
        constant(json, "unit", Unit.values()),
        constant(json, "better", Direction.values()),
        judge(json.object("judge")),
        list(json.array("variants"), ReportJson::cell));
  }

  private static JsonObject cell(Figure.Cell cell) {
    JsonObject.Builder json =
        JsonObject.builder().put("variant", cell.variant()).put("value", estimate(cell.value()));
    Estimate difference = cell.difference();
    if (difference != null) {
      json.put("difference", estimate(difference));
    }
    DiscordantPairs discordant = cell.discordant();
    if (discordant != null) {
      json.put(
          "discordant",
          JsonObject.builder()
              .put("variant", discordant.variant())
              .put("baseline", discordant.baseline())
              .build());
    }
    JsonObject.Builder kinds = JsonObject.builder();
    cell.kinds().forEach((kind, estimate) -> kinds.put(kind, estimate(estimate)));
    return json.put("kinds", kinds.build()).build();
  }

  private static Figure.Cell cell(JsonObject json) {
    JsonObject difference = json.optionalObject("difference");
    JsonObject discordant = json.optionalObject("discordant");
    Map<String, Estimate> kinds = new LinkedHashMap<>();
    JsonObject byKind = json.object("kinds");
    for (String kind : byKind.names()) {
      kinds.put(kind, estimate(byKind.object(kind)));
    }
    return new Figure.Cell(
        json.string("variant"),
        estimate(json.object("value")),
        difference == null ? null : estimate(difference),
        discordant == null ? null : discordant(discordant),
        kinds);
  }

  private static DiscordantPairs discordant(JsonObject json) {
    return new DiscordantPairs(
        json.integer("variant", 0, Integer.MAX_VALUE),
        json.integer("baseline", 0, Integer.MAX_VALUE));
  }

  private static JsonObject estimate(Estimate estimate) {
    JsonObject.Builder json = JsonObject.builder();
    put(json, "value", estimate.value());
    put(json, "low", estimate.low());
    put(json, "high", estimate.high());
    return json.put("n", estimate.n()).build();
  }

  private static Estimate estimate(JsonObject json) {
    return new Estimate(
        number(json, "value"),
        number(json, "low"),
        number(json, "high"),
        json.integer("n", 0, Integer.MAX_VALUE));
  }

  private static JsonObject calibration(Calibration calibration) {
    JsonObject.Builder json =
        JsonObject.builder()
            .put("judge", judge(calibration.judge()))
            .put("labels", calibration.labels());
    put(json, "auc", calibration.auc());
    return json.put("threshold", calibration.threshold())
        .put("accuracy", estimate(calibration.accuracy()))
        .build();
  }

  private static Calibration calibration(JsonObject json) {
    return new Calibration(
        judge(json.object("judge")),
        json.string("labels"),
        number(json, "auc"),
        json.number("threshold", 0, 1),
        estimate(json.object("accuracy")));
  }

  private static void put(JsonObject.Builder json, String field, double value) {
    if (Double.isNaN(value)) {
      json.putNull(field);
    } else {
      json.put(field, value);
    }
  }

  private static double number(JsonObject json, String field) {
    Double value = json.optionalNumber(field, -Double.MAX_VALUE, Double.MAX_VALUE);
    return value == null ? Double.NaN : value;
  }

  private static String text(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static <E extends Enum<E>> E constant(JsonObject json, String field, E[] constants) {
    List<String> allowed = new ArrayList<>();
    for (E constant : constants) {
      allowed.add(text(constant));
    }
    return constants[allowed.indexOf(json.string(field, allowed))];
  }

  private static <T> JsonValue array(List<T> values, Function<T, JsonObject> encoder) {
    List<JsonObject> elements = new ArrayList<>();
    for (T value : values) {
      elements.add(encoder.apply(value));
    }
    return JsonArray.of(elements);
  }

  private static <T> List<T> list(JsonArray array, Function<JsonObject, T> decoder) {
    List<T> values = new ArrayList<>();
    for (JsonObject element : array.objects()) {
      values.add(decoder.apply(element));
    }
    return values;
  }
}
