package io.patchkit.evaluate;

import io.patchkit.evaluate.Metric.Direction;
import io.patchkit.evaluate.Metric.Unit;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One metric measured on all variants. Immutable.
 *
 * @param metric its name
 * @param unit how its numbers are written
 * @param better which way is better
 * @param judge who said so
 * @param cells one for each variant, in the report's order
 */
public record Figure(String metric, Unit unit, Direction better, JudgeId judge, List<Cell> cells) {

  /**
   * What one variant reached.
   *
   * @param variant its name
   * @param value the figure
   * @param difference to the baseline on the items that both were measured on; null for the
   *     baseline itself
   * @param discordant where a share differs from the baseline's; null for the baseline itself and
   *     for what is no share of items
   * @param kinds the figure by kind of item, where the data names 2 to 30 kinds
   */
  public record Cell(
      String variant,
      Estimate value,
      @Nullable Estimate difference,
      @Nullable DiscordantPairs discordant,
      Map<String, Estimate> kinds) {

    public Cell {
      Objects.requireNonNull(variant, "variant");
      Objects.requireNonNull(value, "value");
      kinds = Collections.unmodifiableMap(new TreeMap<>(kinds));
    }

    /** A cell of what is no share of items. */
    public Cell(
        String variant,
        Estimate value,
        @Nullable Estimate difference,
        Map<String, Estimate> kinds) {
      this(variant, value, difference, null, kinds);
    }
  }

  public Figure {
    Objects.requireNonNull(metric, "metric");
    Objects.requireNonNull(unit, "unit");
    Objects.requireNonNull(better, "better");
    Objects.requireNonNull(judge, "judge");
    cells = List.copyOf(cells);
  }

  /**
   * What a variant reached.
   *
   * @throws IllegalArgumentException if the report does not have the variant
   */
  public Cell cell(String variant) {
    for (Cell cell : cells) {
      if (cell.variant().equals(variant)) {
        return cell;
      }
    }
    throw new IllegalArgumentException(
        "no variant is called '" + variant + "'; there are " + variants());
  }

  private List<String> variants() {
    return cells.stream().map(Cell::variant).toList();
  }
}
