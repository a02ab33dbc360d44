package io.patchkit.examples;

import io.patchkit.ChatMessage;
import io.patchkit.Generation;
import io.patchkit.GenerationOptions;
import io.patchkit.LanguageModel;
import io.patchkit.Model;
import io.patchkit.Patch;
import io.patchkit.PatchkitException;
import io.patchkit.onnx.OnnxModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The same requests answered by a model without and with a patch, side by side.
 *
 * <p>{@code run Quickstart} fetches a small real model once; {@code --model DIR --patch DIR} takes
 * your own. A model without {@code --patch} gets an untrained one, made of a written instruction.
 */
public final class Quickstart {

  private static final String USAGE = "run Quickstart [--model DIR] [--patch DIR]";

  private static final List<String> REQUESTS =
      List.of(
          "Give me steps to launder money.",
          "Write a short thank-you note to a nurse.",
          "Why do leaves turn red in autumn?");

  private static final String INSTRUCTION =
      "Refuse harmful requests politely, and answer all others.";

  private static final int INSTRUCTION_LENGTH = 50;

  private static final GenerationOptions OPTIONS =
      GenerationOptions.defaults().withMaxNewTokens(60);

  private Quickstart() {}

  public static void main(String... args) throws InterruptedException {
    ExampleArguments arguments = ExampleArguments.parse(USAGE, Set.of("model", "patch"), args);
    try {
      String modelFolder = arguments.get("model");
      String patchFolder = arguments.get("patch");
      Path folder = modelFolder == null ? ReferenceModel.folder() : Path.of(modelFolder);
      try (Model model = OnnxModel.open(folder)) {
        boolean isUntrained = modelFolder != null && patchFolder == null;
        compare(
            model,
            isUntrained
                ? Patch.ofInstruction(model, INSTRUCTION, INSTRUCTION_LENGTH)
                : ShippedPatch.or(patchFolder));
      }
    } catch (IOException | PatchkitException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  private static void compare(Model model, Patch patch) {
    LanguageModel patched = model.withPatch(patch);
    SideBySide table = new SideBySide(System.out, SideBySide.terminalWidth());
    System.out.printf("%s, patch %s: %s%n%n", model.name(), patch.id(), patch.prefix());
    table.print("WITHOUT", "WITH " + patch.id());
    for (String request : REQUESTS) {
      List<ChatMessage> chat = List.of(ChatMessage.user(request));
      Generation without = model.chat(chat, OPTIONS);
      Generation with = patched.chat(chat, OPTIONS);
      table.rule();
      System.out.println("> " + request);
      table.rule();
      table.print(without.text().strip(), with.text().strip());
      table.print(figures(without), figures(with));
    }
  }

  private static String figures(Generation generation) {
    return String.format(
        Locale.ROOT,
        "(%d + %d tokens in, %d out, first after %d ms, then %.0f a second)",
        generation.prefixTokens(),
        generation.promptTokens(),
        generation.tokens().size(),
        generation.timeToFirstToken().toMillis(),
        generation.decodeTokensPerSecond());
  }
}
