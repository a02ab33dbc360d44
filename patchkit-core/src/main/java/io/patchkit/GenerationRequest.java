package io.patchkit;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One row of {@link LanguageModel#generateAll}: a prompt, how to continue it, and through which
 * patches. Immutable.
 *
 * @param prompt what to continue
 * @param options how to choose tokens and when to stop
 * @param patches the stack of this row, empty for the bare model; null for the stack of the view or
 *     the queue that is asked
 */
public record GenerationRequest(
    Prompt prompt, GenerationOptions options, @Nullable PatchStack patches) {

  public GenerationRequest {
    Objects.requireNonNull(prompt, "prompt");
    Objects.requireNonNull(options, "options");
  }

  /** A request through the patches of the view or queue that is asked. */
  public static GenerationRequest of(Prompt prompt, GenerationOptions options) {
    return new GenerationRequest(prompt, options, null);
  }

  /** A text to continue through the patches of the view or queue that is asked. */
  public static GenerationRequest of(String text, GenerationOptions options) {
    return of(Prompt.text(text), options);
  }

  /** The same request through exactly these patches. */
  public GenerationRequest withPatches(PatchStack patches) {
    return new GenerationRequest(prompt, options, patches);
  }

  /** Like {@link #withPatches} for a stack of one. */
  public GenerationRequest withPatch(Patch patch) {
    return withPatches(PatchStack.of(patch));
  }
}
