package io.patchkit.format;

import static io.patchkit.format.Crafted.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.format.FormatException.Reason;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class JsonObjectTest {

  private static final JsonObject OBJECT =
      StrictJson.parseObject(
          utf8(
              """
              {
                "name": "refuse-harm",
                "revision": null,
                "base": {"hidden": 576, "scale": 1.5, "tied": true, "open": false, "whole": 64.0},
                "files": [{"size": 12}, {"size": "13"}],
                "shape": [5, 64],
                "tags": ["a", 1],
                "huge": 1000000000000000019884624838656
              }
              """),
          JsonLimits.defaults());
  private static final JsonObject BASE = OBJECT.object("base");

  @Test
  void readsFieldsByType() {
    assertThat(OBJECT.string("name")).isEqualTo("refuse-harm");
    assertThat(OBJECT.string("name", List.of("refuse-harm", "b"))).isEqualTo("refuse-harm");
    assertThat(BASE.integer("hidden", 576, 576)).isEqualTo(576);
    assertThat(BASE.integer("hidden", 0L, Long.MAX_VALUE)).isEqualTo(576L);
    assertThat(BASE.number("hidden", 0, 1000)).isEqualTo(576);
    assertThat(BASE.number("scale", 1.5, 1.5)).isEqualTo(1.5);
    assertThat(BASE.bool("tied")).isTrue();
    assertThat(BASE.bool("open")).isFalse();
    assertThat(OBJECT.array("files").object(0).integer("size", 0, 100)).isEqualTo(12);
    assertThat(OBJECT.array("shape").integers(1, 100)).containsExactly(5L, 64L);
    assertThat(OBJECT.array("tags").string(0)).isEqualTo("a");
    assertThat(OBJECT.number("huge", 0, 1e31)).isEqualTo(1e30);
  }

  @Test
  void readsElementsByType() {
    JsonArray array =
        StrictJson.parseObject(
                utf8("{\"a\": [[1, 2], {\"b\": 3}, 1.5, \"c\", [\"d\", \"e\"]]}"),
                JsonLimits.defaults())
            .array("a");
    assertThat(array.path()).isEqualTo("$.a");
    assertThat(array.array(0).integers(1, 2)).containsExactly(1L, 2L);
    assertThat(array.array(0).path()).isEqualTo("$.a[0]");
    assertThat(array.object(1).integer("b", 3, 3)).isEqualTo(3);
    assertThat(array.number(2, 1.5, 1.5)).isEqualTo(1.5);
    assertThat(array.string(3)).isEqualTo("c");
    assertThat(array.array(4).strings()).containsExactly("d", "e");
    assertThat(array).hasToString("[[1,2],{\"b\":3},1.5,\"c\",[\"d\",\"e\"]]");
    assertThat(array)
        .isEqualTo(JsonArray.of(array.elements()))
        .hasSameHashCodeAs(JsonArray.of(array.elements()))
        .isNotEqualTo(array.array(0));
    assertThatThrownBy(array::strings)
        .isInstanceOf(FormatException.class)
        .hasMessage("$.a[0]: expected a string, found an array");
    assertThatThrownBy(() -> array.number(2, 2, 3)).isInstanceOf(FormatException.class);
    assertThatThrownBy(() -> array.number(2, 0, 1)).isInstanceOf(FormatException.class);
  }

  @Test
  void optionalFieldsAreNullWhereAbsentOrNull() {
    for (String name : List.of("absent", "revision")) {
      assertThat(OBJECT.has(name)).isFalse();
      assertThat(OBJECT.optionalString(name)).isNull();
      assertThat(OBJECT.optionalInteger(name, 0, 1)).isNull();
      assertThat(OBJECT.optionalInteger(name, 0L, 1L)).isNull();
      assertThat(OBJECT.optionalNumber(name, 0, 1)).isNull();
      assertThat(OBJECT.optionalBool(name)).isNull();
      assertThat(OBJECT.optionalObject(name)).isNull();
      assertThat(OBJECT.optionalArray(name)).isNull();
    }
    assertThat(OBJECT.has("name")).isTrue();
    assertThat(OBJECT.optionalString("name")).isEqualTo("refuse-harm");
    assertThat(BASE.optionalInteger("hidden", 0, 1000)).isEqualTo(576);
    assertThat(BASE.optionalNumber("scale", 0, 2)).isEqualTo(1.5);
    assertThat(BASE.optionalBool("tied")).isTrue();
    assertThat(OBJECT.optionalObject("base")).isEqualTo(BASE);
    assertThat(OBJECT.optionalArray("shape")).isEqualTo(JsonArray.ofIntegers(5, 64));
  }

  @Test
  void refusalsNameThePathWhatWasFoundAndWhatIsAllowed() {
    refuses(o -> o.string("absent"), Reason.MISSING_FIELD, "$.absent: required field is missing");
    refuses(
        o -> o.string("revision"), Reason.WRONG_TYPE, "$.revision: expected a string, found null");
    refuses(o -> o.string("base"), Reason.WRONG_TYPE, "$.base: expected a string, found an object");
    refuses(
        o -> o.object("shape"), Reason.WRONG_TYPE, "$.shape: expected an object, found an array");
    refuses(
        o -> o.object("base").array("hidden"),
        Reason.WRONG_TYPE,
        "$.base.hidden: expected an array, found the integer 576");
    refuses(
        o -> o.object("base").integer("hidden", 1, 64),
        Reason.OUT_OF_RANGE,
        "$.base.hidden: expected an integer from 1 to 64, found the integer 576");
    refuses(
        o -> o.object("base").integer("whole", 1, 64),
        Reason.WRONG_TYPE,
        "$.base.whole: expected an integer, found the decimal 64.0");
    refuses(
        o -> o.integer("huge", 0, Long.MAX_VALUE),
        Reason.OUT_OF_RANGE,
        "$.huge: expected an integer from 0 to 9223372036854775807,"
            + " found the integer 1000000000000000019884624838656");
    refuses(
        o -> o.object("base").number("scale", 0, 1),
        Reason.OUT_OF_RANGE,
        "$.base.scale: expected a number from 0.0 to 1.0, found the decimal 1.5");
    refuses(
        o -> o.object("base").number("tied", 0, 1),
        Reason.WRONG_TYPE,
        "$.base.tied: expected a number, found true");
    refuses(
        o -> o.bool("name"),
        Reason.WRONG_TYPE,
        "$.name: expected true or false, found the string \"refuse-harm\"");
    refuses(
        o -> o.array("files").objects().get(1).integer("size", 0, 100),
        Reason.WRONG_TYPE,
        "$.files[1].size: expected an integer, found the string \"13\"");
    refuses(
        o -> o.array("tags").strings(),
        Reason.WRONG_TYPE,
        "$.tags[1]: expected a string, found the integer 1");
    refuses(
        o -> o.string("name", List.of("a", "b")),
        Reason.VALUE_NOT_ALLOWED,
        "$.name: expected one of [a, b], found the string \"refuse-harm\"");
    refuses(
        o -> {
          throw o.notAllowed("name", "a semantic version");
        },
        Reason.VALUE_NOT_ALLOWED,
        "$.name: expected a semantic version, found the string \"refuse-harm\"");
    refuses(
        o -> {
          throw o.notAllowed("absent", "a version");
        },
        Reason.VALUE_NOT_ALLOWED,
        "$.absent: expected a version, found nothing");
    refuses(
        o -> o.optionalString("base"),
        Reason.WRONG_TYPE,
        "$.base: expected a string, found an object");
  }

  @Test
  void unknownFieldsAreRefusedOnlyWhereAsked() {
    assertThat(BASE.rejectUnknown("hidden", "scale", "tied", "open", "whole", "more"))
        .isSameAs(BASE);
    refuses(
        o -> o.object("base").rejectUnknown("hidden", "tied"),
        Reason.UNKNOWN_FIELD,
        "$.base.scale: unknown field; the fields of $.base are [hidden, tied]");
  }

  @Test
  void whatIsBuiltEqualsWhatIsRead() {
    JsonObject built =
        JsonObject.builder()
            .put("name", "x")
            .put("n", 1)
            .put("d", 1.0)
            .put("b", false)
            .putNull("z")
            .put("a", JsonArray.ofStrings(List.of("p", "q")))
            .build();
    JsonObject read = StrictJson.parseObject(StrictJson.write(built), JsonLimits.defaults());
    assertThat(read).isEqualTo(built).hasSameHashCodeAs(built);
    assertThat(read.names()).isEqualTo(built.names());
    assertThat(built).isNotEqualTo(JsonObject.builder().put("name", "x").build());
    assertThat(OBJECT.path()).isEqualTo("$");
    assertThat(OBJECT.array("files").get(0))
        .isInstanceOfSatisfying(
            JsonObject.class, file -> assertThat(file.path("size")).isEqualTo("$.files[0].size"));
  }

  private static void refuses(Function<JsonObject, Object> read, Reason reason, String message) {
    assertThatThrownBy(() -> read.apply(OBJECT))
        .isInstanceOfSatisfying(
            FormatException.class, e -> assertThat(e.reason()).isEqualTo(reason))
        .hasMessage(message);
  }
}
