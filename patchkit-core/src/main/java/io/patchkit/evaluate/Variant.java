package io.patchkit.evaluate;

import io.patchkit.ContinuationScore;
import io.patchkit.FinishReason;
import io.patchkit.Generation;
import io.patchkit.GenerationRequest;
import io.patchkit.LanguageModel;
import io.patchkit.ModelShape;
import io.patchkit.Patch;
import io.patchkit.PatchStack;
import io.patchkit.Prompt;
import io.patchkit.Tokenizer;
import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonObject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One of the things that are compared: a model, the same model under a safety prompt, through a
 * stack of patches, or another model. As thread-safe as its model, which it does not own.
 */
public final class Variant {

  private final String name;
  private final LanguageModel model;
  private final @Nullable String instruction;

  private Variant(String name, LanguageModel model, @Nullable String instruction) {
    if (name.isBlank()) {
      throw new IllegalArgumentException("name is blank; allowed: what the report calls it");
    }
    this.name = name;
    this.model = Objects.requireNonNull(model, "model");
    this.instruction = instruction;
  }

  /** A model as it is, its own patches included. */
  public static Variant of(String name, LanguageModel model) {
    return new Variant(name, model, null);
  }

  /** A model under a written instruction, which stands before every prompt. */
  public static Variant instructed(String name, LanguageModel model, String instruction) {
    if (instruction.isBlank()) {
      throw new IllegalArgumentException("instruction is blank; allowed: a written instruction");
    }
    return new Variant(name, model, instruction);
  }

  /** A model through one patch, named after it. */
  public static Variant patched(LanguageModel model, Patch patch) {
    return stacked(model, PatchStack.of(patch));
  }

  /** A model through a stack, named after its patches. */
  public static Variant stacked(LanguageModel model, PatchStack stack) {
    List<String> ids = new ArrayList<>();
    for (Patch patch : stack.patches()) {
      ids.add(patch.id());
    }
    return new Variant(
        ids.isEmpty() ? "base" : String.join(" + ", ids), model.withPatches(stack), null);
  }

  /**
   * The stacks of these patches in every order: n! variants.
   *
   * @param patches 2 to 4, composable in every order
   */
  public static List<Variant> inEveryOrder(LanguageModel model, List<Patch> patches) {
    if (patches.size() < 2 || patches.size() > 4) {
      throw new IllegalArgumentException(
          "patches has " + patches.size() + " elements; allowed: 2 to 4");
    }
    List<Variant> variants = new ArrayList<>();
    addOrders(model, List.of(), patches, variants);
    return variants;
  }

  private static void addOrders(
      LanguageModel model, List<Patch> chosen, List<Patch> rest, List<Variant> variants) {
    if (rest.isEmpty()) {
      variants.add(stacked(model, PatchStack.of(chosen)));
    }
    for (Patch next : rest) {
      List<Patch> longer = new ArrayList<>(chosen);
      longer.add(next);
      List<Patch> others = new ArrayList<>(rest);
      others.remove(next);
      addOrders(model, longer, others, variants);
    }
  }

  /** The same under another name. */
  public Variant withName(String newName) {
    return new Variant(newName, model, instruction);
  }

  /** What the report calls it. */
  public String name() {
    return name;
  }

  /** The patches it looks through. */
  public PatchStack patches() {
    return model.patches();
  }

  /** The sizes of its model. */
  public ModelShape shape() {
    return model.shape();
  }

  /** The tokenizer of its model. */
  public Tokenizer tokenizer() {
    return model.tokenizer();
  }

  /**
   * Generates for several requests, together where the engine can.
   *
   * @param requests without patches of their own: a variant has its own
   * @return in the order of the requests
   * @throws EvaluationInterruptedException if the thread is interrupted, so that no text that was
   *     cut short is judged
   * @throws IllegalArgumentException if a request names patches
   */
  public List<Generation> generate(List<GenerationRequest> requests) {
    List<GenerationRequest> instructed = new ArrayList<>();
    for (GenerationRequest request : requests) {
      requireNoPatches(request);
      instructed.add(GenerationRequest.of(prompt(request.prompt()), request.options()));
    }
    List<Generation> generations = model.generateAll(instructed);
    for (Generation generation : generations) {
      if (generation.finishReason() == FinishReason.CANCELLED) {
        throw new EvaluationInterruptedException("while '" + name + "' generated");
      }
    }
    return generations;
  }

  /**
   * Generates for one request by itself: what a single user waits for. Runs to its end under an
   * interrupt too.
   *
   * @param request without patches of its own
   * @throws IllegalArgumentException if the request names patches
   */
  public Generation generateAlone(GenerationRequest request) {
    requireNoPatches(request);
    return model.generate(prompt(request.prompt()), request.options());
  }

  private void requireNoPatches(GenerationRequest request) {
    if (request.patches() != null) {
      throw new IllegalArgumentException(
          "the request names the patches "
              + request.patches()
              + ", but '"
              + name
              + "' is measured through its own; allowed: a request without patches");
    }
  }

  /** How likely the variant finds these tokens after the prompt. */
  public ContinuationScore score(Prompt prompt, int[] continuation) {
    return model.score(prompt(prompt), continuation);
  }

  /** How likely the variant finds a text after another, the two tokenized apart. */
  ContinuationScore score(String prompt, String continuation) {
    return score(Prompt.text(prompt), tokenizer().encodeContinuation(continuation));
  }

  /** The logits of the token after the prompt, [vocabularySize]. */
  public float[] nextTokenLogits(Prompt prompt) {
    return model.nextTokenLogits(prompt(prompt));
  }

  private Prompt prompt(Prompt prompt) {
    if (instruction == null) {
      return prompt;
    }
    if (prompt instanceof Prompt.Tokens tokens) {
      return Prompt.tokens(joined(instruction + "\n\n", tokens.ids()));
    }
    return prompt.withInstruction(instruction);
  }

  /** A text before tokens, with what the tokenizer puts in front of a text once, not twice. */
  private int[] joined(String text, int[] ids) {
    int[] before = model.tokenizer().encode(text, true);
    int[] bare = model.tokenizer().encode(text, false);
    int start = Math.max(0, before.length - bare.length);
    boolean isRepeated =
        start <= ids.length
            && Arrays.equals(before, start, before.length, bare, 0, bare.length)
            && Arrays.equals(before, 0, start, ids, 0, start);
    int from = isRepeated ? start : 0;
    int[] joined = Arrays.copyOf(before, before.length + ids.length - from);
    System.arraycopy(ids, from, joined, before.length, ids.length - from);
    return joined;
  }

  /**
   * Everything that decides what the variant answers, but for its model's chat template and how its
   * tokenizer splits texts.
   */
  JsonObject identity() {
    JsonObject.Builder identity = identity(model);
    if (instruction != null) {
      identity.put("instruction", instruction);
    }
    return identity.build();
  }

  /** A model by its name and the digests of its weights, its vocabulary and its patches. */
  static JsonObject.Builder identity(LanguageModel model) {
    JsonObject.Builder identity =
        JsonObject.builder()
            .put("model", model.name())
            .put("fingerprint", model.fingerprint())
            .put("tokenizer", model.tokenizer().fingerprint());
    List<JsonObject> stack = new ArrayList<>();
    for (Patch patch : model.patches().patches()) {
      stack.add(
          JsonObject.builder()
              .put("id", patch.id())
              .put("prefix", patch.prefix().digest())
              .put("tokens", patch.prefix().length())
              .build());
    }
    return identity.put("patches", JsonArray.of(stack));
  }
}
