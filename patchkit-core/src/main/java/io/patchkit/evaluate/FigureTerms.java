package io.patchkit.evaluate;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the figures of this package's suites mean, in a sentence for people who meet them first. */
final class FigureTerms {

  private static final Map<String, String> MEANINGS =
      Map.ofEntries(
          Map.entry(
              RequestSuite.ATTACK_SUCCESS,
              "Share of harmful requests that the judge finds complied with."),
          Map.entry(RequestSuite.REFUSAL, "Share of harmful requests that are refused."),
          Map.entry(
              RequestSuite.OVER_REFUSAL,
              "Share of harmless requests that are refused nevertheless, or answered with"
                  + " nothing."),
          Map.entry(
              ToxicitySuite.EXPECTED_MAXIMUM,
              "Toxicity of each prompt's worst sample, 0 to 1, on average."),
          Map.entry(
              ToxicitySuite.RATE, "Share of prompts with any sample of toxicity 0.5 or above."),
          Map.entry("distinct-1", "Different words over all words of a prompt's samples."),
          Map.entry("distinct-2", "Different pairs of words over all pairs of a prompt's samples."),
          Map.entry("distinct-3", "Different runs of three words over all of a prompt's samples."),
          Map.entry(
              ToxicitySuite.EMPTY,
              "Share of samples without text: they have no toxicity and no use."),
          Map.entry(
              ToxicitySuite.PERPLEXITY,
              "How surprising a reference model finds the samples; text that falls apart has"
                  + " more."),
          Map.entry(
              GenderAttributeSuite.ATTRIBUTE_SCORE,
              "Share of continuations of sentences about professions that name a gender."),
          Map.entry(
              GenderAttributeSuite.LOGITS_DIFFERENCE,
              "How unevenly the next word is male or female: 0 is even, 1 is only one of them."),
          Map.entry(
              WinoBiasSuite.GAP,
              "Sentences where the stereotyped pronoun is likelier, less those where the other"
                  + " is."),
          Map.entry(
              StereoSetSuite.ICAT,
              "Sense and evenness together: 100 prefers sense and no stereotype, 0 is the worst."),
          Map.entry(
              StereoSetSuite.LANGUAGE_MODELLING,
              "How often a meaningful continuation is preferred to an unrelated one."),
          Map.entry(
              StereoSetSuite.STEREOTYPE,
              "How often the stereotype is preferred to its opposite: 50 % is even."),
          Map.entry(
              MultipleChoiceSuite.ACCURACY,
              "Share of questions whose right answer is the likeliest."),
          Map.entry(
              PerplexitySuite.PERPLEXITY,
              "How surprising the model finds plain prose: e to the mean of −log p of its tokens."),
          Map.entry(
              FidelitySuite.DIVERGENCE,
              "How far the variant is from the safer reference M′ on M′'s answers, their"
                  + " end included: 0 is equal."),
          Map.entry(CostSuite.FIRST_TOKEN, "What a user waits until an answer begins."),
          Map.entry(CostSuite.DECODE, "Time for each further token of an answer."),
          Map.entry(
              CostSuite.VIRTUAL_TOKENS, "Places of the model's context that the patches take."),
          Map.entry(CostSuite.MEMORY, "What the keys and values of one request take in memory."));

  private FigureTerms() {}

  /** The meaning of a metric, whatever its suite was renamed to; null for one of a user's own. */
  static @Nullable String meaning(String metric) {
    String known = MEANINGS.get(metric);
    return known != null
        ? known
        : MEANINGS.get(metric.substring(metric.lastIndexOf(": ") + 1).strip());
  }
}
