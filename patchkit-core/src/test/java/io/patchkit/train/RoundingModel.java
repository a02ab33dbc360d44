package io.patchkit.train;

import io.patchkit.Prefix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The last bits of a row depend on the rows beside it, as they do in real engines. */
class RoundingModel extends TinyModel {

  RoundingModel() {
    super(5);
  }

  @Override
  public List<TopLogProbabilities> topLogProbabilities(
      @Nullable Prefix prefix, List<AnswerTokens> rows, int k) {
    double rounding = 1 + 1e-12 * (rows.hashCode() & 63);
    List<TopLogProbabilities> rounded = new ArrayList<>();
    for (TopLogProbabilities top : super.topLogProbabilities(prefix, rows, k)) {
      List<int[]> ids = new ArrayList<>();
      List<double[]> logProbabilities = new ArrayList<>();
      for (int position = 0; position < top.positions(); position++) {
        ids.add(top.ids(position));
        logProbabilities.add(
            Arrays.stream(top.logProbabilities(position)).map(p -> p * rounding).toArray());
      }
      rounded.add(TopLogProbabilities.of(ids, logProbabilities));
    }
    return rounded;
  }

  @Override
  public RowLogProbabilities logProbabilities(@Nullable Prefix prefix, List<TrainingRow> rows) {
    int beside = rows.stream().mapToInt(row -> Arrays.hashCode(row.tokens())).sum();
    double rounding = 1 + 1e-12 * (beside & 63);
    RowLogProbabilities found = super.logProbabilities(prefix, rows);
    return RowLogProbabilities.of(
        IntStream.range(0, found.size())
            .mapToObj(row -> Arrays.stream(found.row(row)).map(p -> p * rounding).toArray())
            .toList());
  }
}
