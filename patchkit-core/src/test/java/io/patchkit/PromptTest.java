package io.patchkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PromptTest {

  private static final Prompt.Chat CHAT = Prompt.chat(List.of(ChatMessage.user("Hello")));

  @Test
  void chatsDifferByTheirVariables() {
    Prompt.Chat quick = CHAT.with("enable_thinking", false);
    assertThat(quick).isNotEqualTo(CHAT).isNotEqualTo(CHAT.with("enable_thinking", true));
    assertThat(quick.variables()).isEqualTo(Map.of("enable_thinking", false));
    assertThat(quick.with("enable_thinking", true)).isEqualTo(CHAT.with("enable_thinking", true));
    assertThat(CHAT.with("a", 1).with("b", 0.5f))
        .isEqualTo(CHAT.with("b", 0.5).with("a", 1L))
        .hasSameHashCodeAs(CHAT.with("b", 0.5).with("a", 1L));
    assertThat(quick.withVariables(Map.of())).isEqualTo(CHAT);
    assertThat(CHAT.variables()).isEmpty();
  }

  @Test
  void anInstructionLeavesTheVariables() {
    Prompt.Chat instructed = (Prompt.Chat) CHAT.with("a", "b").withInstruction("Be kind.");
    assertThat(instructed.variables()).isEqualTo(Map.of("a", "b"));
    assertThat(instructed.messages()).hasSize(2);
  }

  @Test
  void continuesOnlyABeginningOfTheAssistants() {
    Prompt.Chat begun =
        Prompt.chat(List.of(ChatMessage.user("Hello"), ChatMessage.assistant("Sure,")));
    assertThat(begun.continuing()).isNotEqualTo(begun).isEqualTo(begun.continuing().continuing());
    Prompt.Chat changed = (Prompt.Chat) begun.continuing().with("a", 1).withInstruction("Be kind.");
    assertThat(changed.isContinuing()).isTrue();
    assertThatIllegalArgumentException()
        .isThrownBy(CHAT::continuing)
        .withMessage(
            "a chat that is continued ends with words of the role user; allowed: the beginning of"
                + " an answer, of the role assistant");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Prompt.chat(List.of(ChatMessage.assistant(" "))).continuing())
        .withMessageContaining("ends with nothing of the role assistant");
  }

  /** Nothing that was handed in, or is handed out, changes a prompt. */
  @Test
  void copiesVariablesAllTheWayDown() {
    Map<String, Object> inner = new HashMap<>(Map.of("x", 1));
    List<Object> list = new ArrayList<>(Arrays.asList(inner, null));
    Prompt.Chat chat = CHAT.with("tools", list);
    Prompt.Chat same = CHAT.with("tools", Arrays.asList(Map.of("x", 1L), null));
    inner.put("y", 2);
    list.clear();
    assertThat(chat).isEqualTo(same);
    List<?> found = (List<?>) chat.variables().get("tools");
    assertThat(found).isUnmodifiable();
    assertThat((Map<?, ?>) found.get(0)).isUnmodifiable();
    assertThat(chat.variables()).isUnmodifiable();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "messages",
        "add_generation_prompt",
        "continue_final_message",
        "bos_token",
        "image_token",
        "raise_exception",
        "strftime_now",
        "namespace"
      })
  void refusesNamesThatTheTemplateHasAnyway(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CHAT.with(name, "x"))
        .withMessageContaining("a variable is named " + name)
        .withMessageContaining("allowed");
  }

  @Test
  void refusesWhatIsNoName() {
    for (String name : List.of("", "enable-thinking", "a b", "1a")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> CHAT.with(name, true))
          .withMessageContaining("a variable is named '" + name + "'");
    }
  }

  @Test
  void refusesValuesThatAreNotPlain() {
    List<Object> endless = new ArrayList<>();
    endless.add(endless);
    for (Object value :
        List.of(
            new StringBuilder("x"),
            Double.NaN,
            Float.POSITIVE_INFINITY,
            new BigDecimal("1"),
            List.of(List.of('c')),
            Map.of("a", Map.of(1, "b")),
            endless)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> CHAT.with("v", value))
          .withMessageContaining("the variable v ")
          .withMessageContaining("; allowed: ");
    }
  }
}
