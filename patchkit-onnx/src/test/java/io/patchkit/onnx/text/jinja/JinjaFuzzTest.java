package io.patchkit.onnx.text.jinja;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Whatever the template: the same text twice, or a {@link JinjaException}. docs/trust.md tells how
 * a campaign is run.
 */
class JinjaFuzzTest {

  private static final Map<String, Object> VARIABLES = new HashMap<>();

  static {
    VARIABLES.put(
        "messages",
        List.of(
            Map.of("role", "system", "content", "Be brief."),
            Map.of("role", "user", "content", "Grüße 🙂\n")));
    VARIABLES.put("add_generation_prompt", true);
    VARIABLES.put("bos_token", "<s>");
    VARIABLES.put("tools", null);
    VARIABLES.put(
        "raise_exception",
        (JinjaFunction)
            arguments -> {
              throw new JinjaException(arguments.text("raise_exception"));
            });
  }

  @FuzzTest
  void template(byte[] utf8) {
    try {
      JinjaTemplate template = JinjaTemplate.parse(new String(utf8, UTF_8));
      assertThat(template.render(VARIABLES)).isEqualTo(template.render(VARIABLES));
    } catch (JinjaException e) {
      assertThat(e.line()).isNotNegative();
    }
  }
}
