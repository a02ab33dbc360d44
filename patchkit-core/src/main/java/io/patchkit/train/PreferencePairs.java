package io.patchkit.train;

import io.patchkit.Prompt;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.ToDoubleBiFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Builds and reads files of preference pairs: JSONL with TRL's columns {@code prompt}, {@code
 * chosen} and {@code rejected}, each a text or a list of messages, {@code chat_template_kwargs} and
 * {@code tools} for chats with variables, and the two scores where there are any.
 *
 * <p>Building goes prompt by prompt and writes as it goes. A run that is cut off is continued by
 * running it again: a journal beside the file ({@code <file>.journal}) knows what has been decided,
 * and a line that was left unfinished, or that a loss of power took, is done again. Memory holds
 * some 64 bytes a candidate, and no texts. Not thread-safe; one run at a time to a file.
 */
public final class PreferencePairs {

  private final PairFilter filter;
  private final @Nullable Scorer scorer;

  /** Who scores answers: the name stands for the function in a file's journal. */
  record Scorer(String name, ToDoubleBiFunction<Prompt, String> score) {
    Scorer {
      Objects.requireNonNull(score, "score");
      if (name.isBlank()) {
        throw new IllegalArgumentException(
            "judge is blank; allowed: the name and version of who scores");
      }
    }
  }

  private PreferencePairs(PairFilter filter, @Nullable Scorer scorer) {
    this.filter = filter;
    this.scorer = scorer;
  }

  /** Keeps all pairs whose answers differ. */
  public static PreferencePairs unfiltered() {
    return new PreferencePairs(PairFilter.none(), null);
  }

  /**
   * Keeps the pairs that pass a filter.
   *
   * @param judge name and version of who scores: a file that was begun by one is not gone on with
   *     by another
   * @param score of an answer to a prompt, higher is better; not by the judge that will report
   *     results
   */
  public static PreferencePairs filtered(
      PairFilter filter, String judge, ToDoubleBiFunction<Prompt, String> score) {
    return new PreferencePairs(Objects.requireNonNull(filter, "filter"), new Scorer(judge, score));
  }

  /**
   * Answers each prompt twice, chosen by the safer reference and rejected by the base model, and
   * appends the pairs that pass. A prompt that was decided before is not answered again.
   *
   * <p>A prompt to which the safer reference or the base has no answer, which they say with an
   * {@link IllegalArgumentException}, or which does not fit a model's context, is left out: it is
   * warned of in the log, counted, and not asked again.
   *
   * <p>The journal knows the filter and the judge, but not who answers: go on with the base and the
   * safer reference that the file was begun with, or its pairs are of several. For others, build
   * into another file.
   *
   * @param prompts texts or chats; read lazily
   * @param base the unpatched model's answer
   * @param file made if there is none, and empty where no pair passes, in a directory that exists
   * @return what became of all candidates so far
   * @throws IllegalArgumentException if a chat ends with the assistant's message and is not to be
   *     continued, which the file cannot tell
   * @throws IllegalStateException if an answer was cancelled or a score is not finite; that prompt
   *     is asked again by the next run
   * @throws io.patchkit.PatchkitException if the file cannot be read or written, or was built with
   *     another filter or judge, or its journal does not read
   */
  public PairCounts build(
      Iterator<Prompt> prompts, Function<Prompt, Answer> base, SaferReference safer, Path file) {
    PairWriter writer = PairWriter.open(file, filter, scorer);
    while (prompts.hasNext()) {
      Prompt prompt = prompts.next();
      writer.offer(
          PairWriter.key(prompt),
          () -> new PreferencePair(prompt, safer.answer(prompt), base.apply(prompt)));
    }
    return writer.counts();
  }

  /**
   * Appends the pairs of another source that pass, each once.
   *
   * @param pairs read lazily
   */
  public PairCounts copy(Iterator<PreferencePair> pairs, Path file) {
    PairWriter writer = PairWriter.open(file, filter, scorer);
    while (pairs.hasNext()) {
      PreferencePair pair = pairs.next();
      writer.offer(PairWriter.key(pair), () -> pair);
    }
    return writer.counts();
  }

  /**
   * Reads a file of pairs, lazily; close the stream. Other columns are ignored. Two conversations
   * without {@code prompt}, or with it as a text, are taken as TRL takes them: what they have in
   * common is the prompt. A text as prompt of messages is refused; a prompt that ends with a
   * message of the assistant's is one to continue.
   *
   * @throws io.patchkit.PatchkitException if the file cannot be read; from the stream, if a line is
   *     no pair
   */
  public static Stream<PreferencePair> read(Path file) {
    return JsonLines.read(file, TrlJson::pair);
  }
}
