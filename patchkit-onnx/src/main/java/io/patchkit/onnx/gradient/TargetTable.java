package io.patchkit.onnx.gradient;

import io.patchkit.train.TrainingRow;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The targets of some rows as the graph takes them: one line for each position that has any, all
 * lines as long as the longest, filled up with a target of the line at weight 0. The rest, where it
 * is a target, stands beside the line.
 */
final class TargetTable {

  /**
   * One position of one row, and its targets there.
   *
   * @param ids how many targets are ids
   * @param hasRest whether the rest follows them
   */
  private record Line(int row, int position, int firstTarget, int ids, boolean hasRest) {}

  private final List<TrainingRow> rows;
  private final List<Line> lines = new ArrayList<>();
  private int width = 1;

  private TargetTable(List<TrainingRow> rows) {
    this.rows = rows;
  }

  static TargetTable of(List<TrainingRow> rows) {
    TargetTable table = new TargetTable(rows);
    for (int r = 0; r < rows.size(); r++) {
      TrainingRow row = rows.get(r);
      for (int first = 0; first < row.targets(); ) {
        int next = first + 1;
        while (next < row.targets() && row.position(next) == row.position(first)) {
          next++;
        }
        boolean hasRest = row.id(next - 1) == TrainingRow.REST;
        int ids = next - first - (hasRest ? 1 : 0);
        table.lines.add(new Line(r, row.position(first), first, ids, hasRest));
        table.width = Math.max(table.width, ids);
        first = next;
      }
    }
    return table;
  }

  /** How many lines there are. */
  int size() {
    return lines.size();
  }

  /** How many targets a line has. */
  int width() {
    return width;
  }

  /** Where in the flattened batch the logits of each line are. */
  long[] positions(RowLayout layout) {
    long[] positions = new long[lines.size()];
    for (int i = 0; i < positions.length; i++) {
      Line line = lines.get(i);
      positions[i] = layout.at(line.row(), line.position() - 1);
    }
    return positions;
  }

  long[] ids() {
    long[] ids = new long[lines.size() * width];
    for (int i = 0; i < lines.size(); i++) {
      Line line = lines.get(i);
      for (int k = 0; k < width; k++) {
        int target = k < line.ids() ? k : 0;
        ids[i * width + k] = rows.get(line.row()).id(line.firstTarget() + target);
      }
    }
    return ids;
  }

  float[] weights() {
    float[] weights = new float[lines.size() * width];
    for (int i = 0; i < lines.size(); i++) {
      Line line = lines.get(i);
      for (int k = 0; k < line.ids(); k++) {
        weights[i * width + k] = (float) rows.get(line.row()).weight(line.firstTarget() + k);
      }
    }
    return weights;
  }

  float[] restWeights() {
    float[] weights = new float[lines.size()];
    for (int i = 0; i < weights.length; i++) {
      Line line = lines.get(i);
      if (line.hasRest()) {
        weights[i] = (float) rows.get(line.row()).weight(line.firstTarget() + line.ids());
      }
    }
    return weights;
  }

  /** 1 for a target, 0 for what fills a line up. */
  float[] areTargets() {
    float[] are = new float[lines.size() * width];
    for (int i = 0; i < lines.size(); i++) {
      Arrays.fill(are, i * width, i * width + lines.get(i).ids(), 1);
    }
    return are;
  }

  /**
   * The log-probabilities of targets, row by row in the order of the rows' targets.
   *
   * @param values of a table of the same shape
   */
  List<double[]> byRow(float[] values) {
    List<double[]> found = new ArrayList<>();
    for (TrainingRow row : rows) {
      found.add(new double[row.targets()]);
    }
    for (int i = 0; i < lines.size(); i++) {
      Line line = lines.get(i);
      double rest = 1;
      double[] ofRow = found.get(line.row());
      for (int k = 0; k < line.ids(); k++) {
        double value = values[i * width + k];
        ofRow[line.firstTarget() + k] = value;
        rest -= Math.exp(value);
      }
      if (line.hasRest()) {
        ofRow[line.firstTarget() + line.ids()] = Math.log(Math.max(rest, LossHead.LEAST_REST));
      }
    }
    return found;
  }
}
