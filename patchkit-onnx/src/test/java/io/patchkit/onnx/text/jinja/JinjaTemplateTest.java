package io.patchkit.onnx.text.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JinjaTemplateTest {

  @TestFactory
  List<DynamicTest> agreesWithJinja2() throws Exception {
    JsonNode language;
    try (InputStream in = getClass().getResourceAsStream("language.json")) {
      language = new ObjectMapper().readTree(in);
    }
    Map<String, Object> variables =
        new ObjectMapper().convertValue(language.get("variables"), new TypeReference<>() {});
    variables.put("raise_exception", (JinjaFunction) JinjaTemplateTest::raise);
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode oracle : language.get("cases")) {
      String source = oracle.get("source").asText();
      tests.add(
          DynamicTest.dynamicTest(
              source,
              () -> {
                if (oracle.has("text")) {
                  assertThat(JinjaTemplate.parse(source).render(variables))
                      .isEqualTo(oracle.get("text").asText());
                } else {
                  assertThatThrownBy(() -> JinjaTemplate.parse(source).render(variables))
                      .as("jinja2: " + oracle.get("error").asText())
                      .isInstanceOf(JinjaException.class);
                }
              }));
    }
    assertThat(tests).hasSizeGreaterThan(600);
    return tests;
  }

  private static Object raise(Arguments arguments) {
    throw new JinjaException(arguments.text("raise_exception"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{% from 'x' import y %}",
        "{% extends 'x' %}",
        "{% block a %}{% endblock %}",
        "{% with a = 1 %}{% endwith %}",
        "{% do x %}",
        "{% autoescape true %}{% endautoescape %}",
        "{% nonsense %}",
      })
  void refusesOtherTagsByName(String source) {
    String tag = source.split(" ")[1];
    assertThatThrownBy(() -> JinjaTemplate.parse("\n\n" + source))
        .isInstanceOfSatisfying(
            JinjaUnsupportedException.class, e -> assertThat(e.line()).isEqualTo(3))
        .hasMessageContaining("'" + tag + "' is not supported");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "{{ 'a'|urlize }};urlize",
        "{{ 'a'|escape }};escape",
        "{{ 'a' is frozen }};frozen",
        "{{ 'a'.encode() }};encode",
        "{{ '{:d}'.format(1) }};format",
        "{{ '%x' % 1 }};%",
        "{% for a in b recursive %}{% endfor %};recursive",
        "{{ f(**k) }};**",
      })
  void refusesOtherConstructsByName(String source, String name) {
    assertThatThrownBy(() -> JinjaTemplate.parse(source).render(Map.of("f", "x", "k", "y")))
        .isInstanceOfSatisfying(
            JinjaUnsupportedException.class, e -> assertThat(e.line()).isEqualTo(1))
        .hasMessageContaining(name)
        .hasMessageContaining("not supported");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{",
        "{{ }}",
        "{{ a",
        "{% if %}",
        "{% if a %}",
        "{% endif %}",
        "{% for a %}{% endfor %}",
        "{{ (a }}",
        "{{ a) }}",
        "{{ 'a }}",
        "{{ a b }}",
        "{{ a. }}",
        "{{ a | }}",
        "{{ a is }}",
        "{% set 1 = 2 %}",
        "{% set none = 2 %}",
        "{#",
        "{% raw %}",
        "{{ $ }}",
        "{% break %}",
        "{% macro %}{% endmacro %}",
        "{% for a in b %}{% endif %}",
        "{{ '\\x4' }}",
        "{{ [1, }}",
        "{{ {1} }}",
        "{{ f(a=1, 2) }}",
        "{{ 99999999999999999999 }}",
        "{% else %}",
        "{% %}",
      })
  void refusesWhatIsNotATemplate(String source) {
    assertThatThrownBy(() -> JinjaTemplate.parse(source))
        .isInstanceOf(JinjaUnsupportedException.class);
  }

  @Test
  void namesTheLine() {
    JinjaTemplate template =
        JinjaTemplate.parse("a\n{#\n#}{% if true %}\n\n{{ none + 1 }}{% endif %}");
    assertThat(catchThrowable(() -> template.render(Map.of())))
        .isInstanceOfSatisfying(JinjaException.class, e -> assertThat(e.line()).isEqualTo(5));
  }

  /** Each would fill the memory, the stack or the day. */
  @ParameterizedTest
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  @ValueSource(
      strings = {
        "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
        "{% for i in range(100000) %}{% for j in range(100000) %}x{% endfor %}{% endfor %}",
        "{% for i in range(100001) %}{% endfor %}",
        "{{ 'x' * 1000000000 }}",
        "{{ [1] * 1000000000 }}",
        "{{ 'x'|indent(1000000000, true) }}",
        "{{ [[[[1]]]]|tojson(indent=1000000)|length ~ ('x'*1000000)*1000 }}",
        "{% set n = namespace(s='xx') %}{% for i in range(99) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
        "{% set n = namespace(s='xx') %}{% for i in range(99) %}{% set n.s = n.s + n.s %}{% endfor %}",
        "{% set n = namespace(s=['x']) %}{% for i in range(99) %}{% set n.s = n.s + n.s %}{% endfor %}",
        "{% set n = namespace(s='aa') %}{% for i in range(99) %}"
            + "{% set n.s = n.s|replace('a', 'aa') %}{% endfor %}",
        "{% set n = namespace(s='aa') %}{% for i in range(99) %}"
            + "{% set n.s = n.s.join([n.s, n.s]) %}{% endfor %}",
        "{% set n = namespace(s=[]) %}{% for i in range(99) %}{% set n.s = [n.s, n.s] %}{% endfor %}"
            + "{{ n.s }}",
        "{% set n = namespace(s=[]) %}{% for i in range(99) %}{% set n.s = [n.s, n.s] %}{% endfor %}"
            + "{{ n.s|tojson }}",
        "{% set n = namespace(s=[]) %}{% for i in range(99) %}{% set n.s = [n.s, n.s] %}{% endfor %}"
            + "{{ n.s == [n.s[0] + [], n.s[1] + []] }}{{ n.s == n.s[:] }}",
        "{% set n = namespace(s=[1], t=[2]) %}{% for i in range(99) %}{% set n.s = [n.s, n.s] %}"
            + "{% set n.t = [n.t, n.t] %}{% endfor %}{{ n.s < n.t }}{{ [n.s, n.s]|sort }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m() %}{% set x %}{{ m() }}{% endset %}{% endmacro %}{{ m() }}",
        "{% set n = namespace(s='x' * 1000000) %}{% for i in range(100000) %}{{ n.s[::2]|length }}"
            + "{% endfor %}",
        "{% set n = namespace(s='x' * 1000000) %}{% for i in range(100000) %}{{ n.s|length }}"
            + "{% endfor %}",
        "{% set n = namespace(s='x' * 1000000) %}{% for i in range(100000) %}"
            + "{{ n.s.strip()|trim|upper == n.s.lower() }}{% endfor %}",
        "{% set n = namespace(s='x ' * 1000000) %}{% for i in range(100000) %}"
            + "{{ n.s.split()|length }}{% endfor %}",
      })
  void boundsWork(String source) {
    assertThatThrownBy(() -> JinjaTemplate.parse(source).render(Map.of()))
        .isInstanceOf(JinjaLimitException.class);
  }

  /** A context of a million tokens, of which the template makes copies. */
  @Test
  void takesLongConversations() {
    String text = "abc ".repeat(1 << 20);
    String source =
        "{% for m in messages %}{% set c = '<|start|>' + m.role + '\n' + m.content|trim %}"
            + "{% if 'x' in c or c.split('</think>')|length > 1 %}!{% endif %}"
            + "{{ c.strip() + '\n' }}{% endfor %}";
    Map<String, Object> message = Map.of("role", "user", "content", text);
    assertThat(
            JinjaTemplate.parse(source)
                .render(Map.of("messages", List.of(message, message, message))))
        .isEqualTo(("<|start|>user\n" + text.trim() + "\n").repeat(3));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(",
        "[",
        "{1:",
        "-",
        "not ",
        "a if b else ",
        "f(",
        "a[",
        "a ~ (",
        "x|f(",
        "x is f("
      })
  void boundsNesting(String opening) {
    assertThatThrownBy(() -> JinjaTemplate.parse("{{ " + opening.repeat(10_000) + "1 }}"))
        .isInstanceOf(JinjaException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{% if a %}", "{% for a in b %}", "{% macro m() %}", "{% set a %}"})
  void boundsNestingOfBlocks(String opening) {
    assertThatThrownBy(() -> JinjaTemplate.parse(opening.repeat(5_000)))
        .isInstanceOf(JinjaUnsupportedException.class)
        .hasMessageContaining("deep");
  }

  @ParameterizedTest
  @ValueSource(strings = {" + 1", ".a", "|abs", "[0]", " and 1", "()", " is defined"})
  void endsWhateverTheLengthOfAChain(String link) {
    String source = "{{ 1" + link.repeat(100_000) + " }}";
    Throwable thrown =
        catchThrowable(
            () ->
                JinjaTemplate.parse(source.substring(0, Math.min(source.length(), 1 << 20)))
                    .render(Map.of()));
    assertThat(thrown == null || thrown instanceof JinjaException).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "messages.append(1)",
        "messages.sort()",
        "messages[0].update({'role': 'x'})",
        "messages[0].pop('role')",
        "messages[0].clear()",
      })
  void changesNothingItIsGiven(String call) {
    Map<String, Object> variables = new HashMap<>();
    variables.put("messages", List.of(new HashMap<>(Map.of("role", "user"))));
    assertThatThrownBy(() -> JinjaTemplate.parse("{{ " + call + " }}").render(variables))
        .isInstanceOf(JinjaException.class)
        .hasMessageContaining("unsafe");
    assertThat(variables).isEqualTo(Map.of("messages", List.of(Map.of("role", "user"))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "''.__class__",
        "''.class",
        "''.getClass",
        "messages.class",
        "[].class",
        "none.class",
        "range.class",
        "range.__globals__",
        "loop.class",
        "raise_exception.class",
        "1 .class",
        "namespace().class",
        "self",
        "config",
        "ns.__init__",
        "java",
        "messages.stream",
        "''.length",
        "''.chars",
        "m.caller",
        "m.body",
      })
  void knowsNothingOfJava(String expression) {
    String prefix = "{% set ns = namespace() %}{% macro m() %}{% endmacro %}";
    Map<String, Object> variables = new HashMap<>();
    variables.put("messages", List.of());
    variables.put("raise_exception", (JinjaFunction) JinjaTemplateTest::raise);
    String test = prefix + "{% for i in [1] %}{{ (" + expression + ") is defined }}{% endfor %}";
    assertThat(JinjaTemplate.parse(test).render(variables)).isEqualTo("False");
  }

  @Test
  void isThreadSafeAndLeavesNothingBehind() {
    JinjaTemplate template =
        JinjaTemplate.parse(
            "{% set n = namespace(i=0) %}{% for a in l %}{% set n.i = n.i + a %}{% endfor %}{{ n.i }}"
                + "{{ x is defined }}{% set x = 1 %}");
    List<String> texts =
        IntStream.range(0, 2000)
            .parallel()
            .mapToObj(i -> template.render(Map.of("l", List.of(i, i))))
            .toList();
    for (int i = 0; i < texts.size(); i++) {
      assertThat(texts.get(i)).isEqualTo(2 * i + "False");
    }
  }
}
