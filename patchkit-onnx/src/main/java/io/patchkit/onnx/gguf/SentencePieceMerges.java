package io.patchkit.onnx.gguf;

import io.patchkit.CorruptModelException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The merges that a scored vocabulary implies. SentencePiece joins the two neighbours whose union
 * has the highest score; a list of pairs in descending order of their union's score says the same.
 */
final class SentencePieceMerges {

  /** Real ones have some tens of characters, and every cut of each is looked at. */
  private static final int MOST_CHARACTERS = 256;

  private record Merge(String left, String right, double score, int leftId, int rightId) {}

  private SentencePieceMerges() {}

  static List<String> of(Vocabulary vocabulary, List<Double> scores) {
    List<Merge> merges = new ArrayList<>();
    for (int id = 0; id < vocabulary.size(); id++) {
      String whole = vocabulary.tokens().get(id);
      if (vocabulary.kinds().get(id) != Vocabulary.Kind.NORMAL) {
        continue;
      }
      if (whole.length() > MOST_CHARACTERS) {
        throw new CorruptModelException(
            "token %d has %d characters; allowed: at most %d"
                .formatted(id, whole.length(), MOST_CHARACTERS));
      }
      for (int cut = 1; cut < whole.length(); cut++) {
        String left = whole.substring(0, cut);
        String right = whole.substring(cut);
        Integer leftId = normal(vocabulary, left);
        Integer rightId = normal(vocabulary, right);
        if (leftId != null && rightId != null) {
          merges.add(new Merge(left, right, scores.get(id), leftId, rightId));
        }
      }
    }
    merges.sort(
        Comparator.comparingDouble(Merge::score)
            .reversed()
            .thenComparingInt(Merge::leftId)
            .thenComparingInt(Merge::rightId));
    List<String> texts = new ArrayList<>();
    for (Merge merge : merges) {
      texts.add(merge.left() + " " + merge.right());
    }
    return texts;
  }

  private static @Nullable Integer normal(Vocabulary vocabulary, String text) {
    Integer id = vocabulary.ids().get(text);
    return id != null && vocabulary.kinds().get(id) == Vocabulary.Kind.NORMAL ? id : null;
  }
}
