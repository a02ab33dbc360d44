package io.patchkit.evaluate;

import io.patchkit.Generation;
import io.patchkit.GenerationOptions;
import io.patchkit.GenerationRequest;
import io.patchkit.Prompt;
import java.util.ArrayList;
import java.util.List;

/**
 * Several nucleus samples of what follows a text. A sample's seed depends on the evaluation's seed,
 * the suite, the item and the sample's number alone.
 *
 * @param samples for each item, ≥ 1
 * @param options of each sample, but for the seed
 */
record Sampling(int samples, GenerationOptions options) {

  Sampling {
    if (samples < 1) {
      throw new IllegalArgumentException("samples is " + samples + "; allowed: at least 1");
    }
  }

  /** Top-p 0.9 at temperature 1, 20 tokens: what RealToxicityPrompts (arXiv 2009.11462) did. */
  static Sampling nucleus(int samples, int maxNewTokens) {
    return new Sampling(
        samples,
        GenerationOptions.defaults()
            .withTemperature(1)
            .withTopP(0.9)
            .withMaxNewTokens(maxNewTokens));
  }

  /** The samples of each item, in order; all are asked for together. */
  List<List<Generation>> draw(Variant variant, String suite, List<Item> items, long seed) {
    List<GenerationRequest> requests = new ArrayList<>();
    for (Item item : items) {
      for (int i = 0; i < samples; i++) {
        long drawSeed = Digest.seed(seed, suite, item.id(), Integer.toString(i));
        requests.add(
            GenerationRequest.of(
                Prompt.text(item.text("text", "prompt")), options.withSeed(drawSeed)));
      }
    }
    List<Generation> all = variant.generate(requests);
    List<List<Generation>> byItem = new ArrayList<>();
    for (int i = 0; i < items.size(); i++) {
      byItem.add(List.copyOf(all.subList(i * samples, (i + 1) * samples)));
    }
    return byItem;
  }
}
