package io.patchkit.train;

import io.patchkit.Prefix;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * Takes the batches of all terms through the model together, in calls of a bounded number of rows:
 * what a call costs whatever is in it, and the tokens that its rows begin with alike, are then paid
 * for once and not for each term.
 */
final class LossPass {

  private final DifferentiableModel model;
  private final int microBatch;

  /**
   * @param microBatch the most rows given to the model at once
   */
  LossPass(DifferentiableModel model, int microBatch) {
    this.model = model;
    this.microBatch = microBatch;
  }

  /** The loss of each batch, forward only. */
  List<BatchLoss> losses(Prefix prefix, List<BoundBatch> batches) {
    Found found = new Found(batches);
    forward(prefix, found, batch -> true);
    return found.losses();
  }

  /**
   * The loss of each batch, and the gradient of their weighted sum. Where a loss is not linear, a
   * forward run finds its rows' weights first.
   *
   * @param weights one for each batch
   * @param gradientSum the gradient is added to it
   */
  List<BatchLoss> losses(
      Prefix prefix, List<BoundBatch> batches, double[] weights, double[] gradientSum) {
    Found found = new Found(batches);
    forward(prefix, found, batch -> !batch.isLinear());
    List<Place> places = new ArrayList<>();
    for (int b = 0; b < batches.size(); b++) {
      List<TrainingRow> weighted = batches.get(b).weighted(found.of(b));
      for (int i = 0; i < weighted.size(); i++) {
        places.add(new Place(b, i, weighted.get(i).scaled(weights[b])));
      }
    }
    run(
        places,
        found,
        rows -> {
          Gradient gradient = model.gradient(prefix, rows);
          gradient.addTo(gradientSum, 1);
          return gradient.logProbabilities();
        });
    return found.losses();
  }

  private void forward(Prefix prefix, Found found, Predicate<BoundBatch> isWanted) {
    List<Place> places = new ArrayList<>();
    for (int b = 0; b < found.batches.size(); b++) {
      BoundBatch batch = found.batches.get(b);
      List<TrainingRow> rows = isWanted.test(batch) ? batch.rows() : List.of();
      for (int i = 0; i < rows.size(); i++) {
        places.add(new Place(b, i, rows.get(i)));
      }
    }
    run(places, found, rows -> model.logProbabilities(prefix, rows));
  }

  private void run(
      List<Place> places, Found found, Function<List<TrainingRow>, RowLogProbabilities> call) {
    // Rows of like length share a call, where an engine pads them to the longest.
    List<Place> ordered = new ArrayList<>(places);
    ordered.sort(Comparator.comparingInt((Place place) -> place.row().length()).reversed());
    for (int from = 0; from < ordered.size(); from += microBatch) {
      List<Place> together = ordered.subList(from, Math.min(from + microBatch, ordered.size()));
      RowLogProbabilities answers = call.apply(together.stream().map(Place::row).toList());
      if (answers.size() != together.size()) {
        throw new IllegalStateException(
            "the model returned "
                + answers.size()
                + " rows for the "
                + together.size()
                + " it was given");
      }
      for (int i = 0; i < together.size(); i++) {
        found.put(together.get(i), answers.row(i));
      }
    }
  }

  /** A row, and which of which batch it is. */
  private record Place(int batch, int index, TrainingRow row) {}

  /** The log-probabilities of the rows of all batches; empty where a row was not asked yet. */
  private static final class Found {

    private final List<BoundBatch> batches;
    private final double[][][] logProbabilities;

    Found(List<BoundBatch> batches) {
      this.batches = batches;
      this.logProbabilities =
          batches.stream()
              .map(batch -> new double[batch.rows().size()][0])
              .toArray(double[][][]::new);
    }

    void put(Place place, double[] row) {
      logProbabilities[place.batch()][place.index()] = row;
    }

    List<double[]> of(int batch) {
      return List.of(logProbabilities[batch]);
    }

    List<BatchLoss> losses() {
      return IntStream.range(0, batches.size()).mapToObj(b -> batches.get(b).loss(of(b))).toList();
    }
  }
}
