package io.patchkit.onnx.gradient;

import io.patchkit.train.TrainingRow;
import java.util.ArrayList;
import java.util.List;

/**
 * The targets of some rows as the graph takes them: one line for each position that has any, all
 * lines as long as the longest, filled up with targets of weight 0.
 */
final class TargetTable {

  /** One position of one row, and its targets there. */
  private record Line(int row, int position, int firstTarget, int targets) {}

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
        table.lines.add(new Line(r, row.position(first), first, next - first));
        table.width = Math.max(table.width, next - first);
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
      for (int k = 0; k < line.targets(); k++) {
        ids[i * width + k] = rows.get(line.row()).id(line.firstTarget() + k);
      }
    }
    return ids;
  }

  float[] weights() {
    float[] weights = new float[lines.size() * width];
    for (int i = 0; i < lines.size(); i++) {
      Line line = lines.get(i);
      for (int k = 0; k < line.targets(); k++) {
        weights[i * width + k] = (float) rows.get(line.row()).weight(line.firstTarget() + k);
      }
    }
    return weights;
  }

  /** The values of a table of the same shape, row by row in the order of the rows' targets. */
  List<double[]> byRow(float[] values) {
    List<double[]> found = new ArrayList<>();
    for (TrainingRow row : rows) {
      found.add(new double[row.targets()]);
    }
    for (int i = 0; i < lines.size(); i++) {
      Line line = lines.get(i);
      for (int k = 0; k < line.targets(); k++) {
        found.get(line.row())[line.firstTarget() + k] = values[i * width + k];
      }
    }
    return found;
  }
}
