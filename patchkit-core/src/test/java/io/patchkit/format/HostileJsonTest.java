package io.patchkit.format;

import static io.patchkit.format.Crafted.concat;
import static io.patchkit.format.Crafted.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.patchkit.format.FormatException.Reason;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostileJsonTest {

  private static final JsonLimits LIMITS = JsonLimits.defaults();

  static Stream<Arguments> hostile() {
    return Stream.of(
        refused("{\"a\":1,\"a\":1}", Reason.DUPLICATE_KEY, "$"),
        refused("{\"a\":1,\"\\u0061\":2}", Reason.DUPLICATE_KEY, "$"),
        refused("{\"a\":[{},{\"b\":{\"\":1,\"\":1}}]}", Reason.DUPLICATE_KEY, "$.a[1].b"),
        refused("{} {}", Reason.TRAILING_CONTENT, "$"),
        refused("{}}", Reason.TRAILING_CONTENT, "$"),
        refused("{}x", Reason.TRAILING_CONTENT, "$"),
        refused("{}\0", Reason.TRAILING_CONTENT, "$"),
        refused("1 2", Reason.TRAILING_CONTENT, "$"),
        refused("\uFEFF{}", Reason.BYTE_ORDER_MARK, "$"),
        refused("{\"a\":NaN}", Reason.NON_FINITE_NUMBER, "$.a"),
        refused("[1,Infinity]", Reason.NON_FINITE_NUMBER, "$[1]"),
        refused("[-Infinity]", Reason.NON_FINITE_NUMBER, "$[0]"),
        refused("[-INF]", Reason.NON_FINITE_NUMBER, "$[0]"),
        refused("{\"a b\":1e400}", Reason.NUMBER_OUT_OF_RANGE, "$[\"a b\"]"),
        refused("[-1e999999999]", Reason.NUMBER_OUT_OF_RANGE, "$[0]"),
        refused("[" + "9".repeat(129) + "]", Reason.NUMBER_TOO_LONG, "$[0]"),
        refused("[0." + "9".repeat(127) + "]", Reason.NUMBER_TOO_LONG, "$[0]"),
        refused("[\"\\ud800\"]", Reason.LONE_SURROGATE, "$[0]"),
        refused("[\"\\udc00\\ud800\"]", Reason.LONE_SURROGATE, "$[0]"),
        refused("[\"\\ud800x\"]", Reason.LONE_SURROGATE, "$[0]"),
        refused("{\"\\ud800\":1}", Reason.LONE_SURROGATE, null),
        refused("{\"\\udc00\":1}", Reason.LONE_SURROGATE, null),
        refused("{\"\\ud800\\ud800\":1}", Reason.LONE_SURROGATE, null),
        refused("[".repeat(33) + "]".repeat(33), Reason.TOO_DEEP, "$" + "[0]".repeat(32)),
        refused("{\"a\":".repeat(33) + "1" + "}".repeat(33), Reason.TOO_DEEP, null),
        refused("[".repeat(200_000), Reason.TOO_DEEP, null),
        refused("[\"" + "x".repeat(65_537) + "\"]", Reason.STRING_TOO_LONG, "$[0]"),
        refused("{\"" + "x".repeat(65_537) + "\":1}", Reason.STRING_TOO_LONG, null),
        refused("[" + " ".repeat(256 << 10) + "]", Reason.TOO_LARGE, "$"));
  }

  @ParameterizedTest
  @MethodSource("hostile")
  void isRefusedWithItsOwnReason(byte[] json, Reason reason, String location) {
    FormatException refusal = refusal(json);
    assertThat(refusal.reason()).as(refusal.getMessage()).isEqualTo(reason);
    if (location != null) {
      assertThat(refusal.location()).isEqualTo(location);
    }
    assertThat(refusal).message().startsWith(refusal.location() + ": ").hasSizeLessThan(500);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "}",
        "[1",
        "{\"a\":",
        "{\"a\" 1}",
        "{a:1}",
        "{'a':1}",
        "['a']",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"a\":1,}",
        "{,}",
        "{1:2}",
        "{null:1}",
        "[01]",
        "[-01]",
        "[+1]",
        "[.5]",
        "[1.]",
        "[1.e1]",
        "[1e]",
        "[1e+]",
        "[-]",
        "[0x10]",
        "[1_000]",
        "[True]",
        "[nul]",
        "[undefined]",
        "[\"a]",
        "[\"\t\"]",
        "[\"\n\"]",
        "[\"\0\"]",
        "[\"\\x41\"]",
        "[\"\\a\"]",
        "[\"\\u12\"]",
        "[\"\\u{41}\"]",
        "//\n{}",
        "/**/{}",
        "#\n{}",
        "{}//",
        "[1]\u00a0",
        "\u00a0[1]",
        "[1,\u2028 2]",
        "\f[1]",
        "\0{}",
        "\u001e{}"
      })
  void whatIsNotJsonIsRefused(String text) {
    assertThat(refusal(utf8(text)).reason()).isIn(Reason.INVALID_JSON, Reason.TRAILING_CONTENT);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ff",
        "80",
        "c3",
        "c080",
        "c1bf",
        "e08080",
        "eda080",
        "edbfbf",
        "eda0bdedb880",
        "f08080af",
        "f4908080",
        "f8888080",
        "e282",
        "f09f98"
      })
  void whatIsNotUtf8IsRefused(String hex) {
    byte[] bad = HexFormat.of().parseHex(hex);
    assertThat(refusal(concat(utf8("[\""), bad, utf8("\"]"))).reason())
        .isEqualTo(Reason.INVALID_UTF8);
    assertThat(refusal(concat(utf8("{}"), bad)).reason()).isEqualTo(Reason.INVALID_UTF8);
  }

  @Test
  void otherEncodingsAreRefused() {
    assertThat(refusal("{}".getBytes(StandardCharsets.UTF_16LE)).reason())
        .isEqualTo(Reason.INVALID_JSON);
    assertThat(refusal("{}".getBytes(StandardCharsets.UTF_16)).reason())
        .isEqualTo(Reason.INVALID_UTF8);
  }

  @Test
  void theLimitsThemselvesAreAllowed() {
    StrictJson.parse(utf8("[".repeat(32) + "]".repeat(32)), LIMITS);
    StrictJson.parse(utf8("[\"" + "x".repeat(65_536) + "\"]"), LIMITS);
    StrictJson.parse(utf8("[" + "9".repeat(128) + "]"), LIMITS);
    StrictJson.parse(utf8("[" + " ".repeat((256 << 10) - 2) + "]"), LIMITS);
  }

  @Test
  void limitsAreThemselvesChecked() {
    StrictJson.parse(utf8("[".repeat(512) + "]".repeat(512)), LIMITS.withMaxDepth(512));
    StrictJson.parse(utf8("1"), LIMITS.withMaxBytes(1));
    StrictJson.parse(utf8("\"x\""), LIMITS.withMaxStringLength(1));
    assertThat(LIMITS.withMaxBytes(Integer.MAX_VALUE - 1).maxBytes()).isPositive();
    for (ThrowingCallable wrong :
        List.<ThrowingCallable>of(
            () -> LIMITS.withMaxBytes(0),
            () -> LIMITS.withMaxBytes(Integer.MAX_VALUE),
            () -> LIMITS.withMaxDepth(0),
            () -> LIMITS.withMaxDepth(513),
            () -> LIMITS.withMaxStringLength(0))) {
      assertThatThrownBy(wrong)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("allowed is 1 to");
    }
    assertThatThrownBy(() -> StrictJson.parse(utf8("\"xy\""), LIMITS.withMaxStringLength(1)))
        .isInstanceOfSatisfying(
            FormatException.class, e -> assertThat(e.reason()).isEqualTo(Reason.STRING_TOO_LONG));
  }

  @Test
  void quotationsAreAsciiAndCutBehindSixtyFourCharacters() {
    assertThat(JsonText.quote("~\u007f\u00e9\n")).isEqualTo("\"~\\u007f\\u00e9\\n\"");
    assertThat(JsonText.quote("x".repeat(64))).isEqualTo('"' + "x".repeat(64) + '"');
    assertThat(JsonText.quote("x".repeat(65))).isEqualTo('"' + "x".repeat(64) + "\"...");
  }

  /** A message may end up in a log: no line breaks, no control characters, no long quotations. */
  @Test
  void messagesQuoteTheDocumentSafely() {
    String evil = "\\n\\u001b[31m\\u202e" + "x".repeat(1000);
    JsonObject object = StrictJson.parseObject(utf8("{\"" + evil + "\":\"" + evil + "\"}"), LIMITS);
    String name = object.names().get(0);
    FormatException refusal =
        catchThrowableOfType(FormatException.class, () -> object.integer(name, 0, 1));
    assertThat(refusal).message().matches("[ -~]*").hasSizeLessThan(400);
    assertThat(refusal(utf8("{\"a\":\u202e\u001b}"))).message().matches("[ -~]*");
  }

  private static FormatException refusal(byte[] json) {
    FormatException refusal =
        catchThrowableOfType(FormatException.class, () -> StrictJson.parse(json, LIMITS));
    assertThat(refusal).as(new String(json, StandardCharsets.UTF_8)).isNotNull();
    return refusal;
  }

  private static Arguments refused(String json, Reason reason, String location) {
    return Arguments.of(utf8(json), reason, location);
  }
}
