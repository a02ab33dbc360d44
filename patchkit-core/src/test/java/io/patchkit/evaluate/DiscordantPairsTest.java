package io.patchkit.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DiscordantPairsTest {

  private static final double Z = 1.959963984540054;

  /**
   * Tango 1998; Agresti and Min 2005, table I; Fagerland, Lydersen and Laake 2014, the data of
   * Bentur (2009) and of Cavo (2012); the last two from the tests of the R package
   * contingencytables.
   */
  @ParameterizedTest
  @CsvSource({
    "9, 3, 32, -0.027, 0.390, 3",
    "16, 8, 86, -0.020, 0.207, 3",
    "1, 7, 21, -0.517, -0.026, 3",
    "6, 16, 161, -0.1240, -0.0054, 4",
    "3, 0, 3, -0.1230, 1, 4",
    "0, 3, 3, -1, 0.1230, 4"
  })
  void givesThePublishedIntervals(
      int variant, int baseline, int n, double low, double high, int digits) {
    Estimate found = new DiscordantPairs(variant, baseline).difference(n);
    double rounding = 0.5 * Math.pow(10, -digits) + 1e-12;
    assertThat(found.value()).isEqualTo((variant - baseline) / (double) n);
    assertThat(found.low()).isCloseTo(low, within(rounding));
    assertThat(found.high()).isCloseTo(high, within(rounding));
    assertThat(found.n()).isEqualTo(n);
  }

  /** By hand: q = 0 for δ > 0, and n²δ² = z² n δ(1 − δ). So does Wilson's interval at 0 of n. */
  @ParameterizedTest
  @CsvSource({"1", "10", "100", "1000", "1000000"})
  void isAsWideAsWilsonsWhereNothingDiffers(int n) {
    Estimate found = new DiscordantPairs(0, 0).difference(n);
    assertThat(found.value()).isZero();
    assertThat(found.high()).isCloseTo(Z * Z / (n + Z * Z), within(1e-12));
    assertThat(found.high()).isCloseTo(Estimate.ofShare(0, n).high(), within(1e-12));
    assertThat(found.low()).isEqualTo(-found.high());
  }

  /** By hand: q = (1 − δ)/2, and n²(1 − δ)² = z² n (1 − δ)(1 + δ). */
  @ParameterizedTest
  @CsvSource({"1", "10", "100", "1000", "1000000"})
  void endsAtOneWhereEverythingDiffers(int n) {
    Estimate found = new DiscordantPairs(n, 0).difference(n);
    assertThat(found.value()).isEqualTo(1);
    assertThat(found.high()).isEqualTo(1);
    assertThat(found.low()).isCloseTo((n - Z * Z) / (n + Z * Z), within(1e-12));
  }

  @Test
  void mirrorsWhenTheSidesAreSwapped() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 1000; i++) {
      DiscordantPairs pairs = new DiscordantPairs(random.nextInt(40), random.nextInt(40));
      int n = pairs.variant() + pairs.baseline() + random.nextInt(1, 200);
      Estimate found = pairs.difference(n);
      Estimate swapped = new DiscordantPairs(pairs.baseline(), pairs.variant()).difference(n);
      assertThat(swapped.value()).isEqualTo(-found.value());
      assertThat(swapped.low()).isEqualTo(-found.high());
      assertThat(swapped.high()).isEqualTo(-found.low());
    }
  }

  /** At δ = 0 the score test is McNemar's. */
  @Test
  void excludesZeroWhereMcNemarsTestDoes() {
    for (int variant = 0; variant <= 30; variant++) {
      for (int baseline = 0; baseline <= 30; baseline++) {
        int square = (variant - baseline) * (variant - baseline);
        for (int n : new int[] {variant + baseline + 1, 100, 5000}) {
          Estimate found = new DiscordantPairs(variant, baseline).difference(n);
          assertThat(found.contains(0)).isEqualTo(square <= Z * Z * (variant + baseline));
          assertThat(found.contains(found.value())).isTrue();
          assertThat(found.low()).isBetween(-1.0, 1.0);
          assertThat(found.high()).isBetween(-1.0, 1.0);
        }
      }
    }
  }

  /** With many items it becomes the normal interval, ± z √(v + b − (v − b)²/n) / n. */
  @Test
  void becomesTheNormalIntervalWithManyItems() {
    int n = 1_000_000_000;
    Estimate found = new DiscordantPairs(90_000_000, 40_000_000).difference(n);
    double spread = Z * Math.sqrt((0.13 - 0.05 * 0.05) / n);
    assertThat(found.low()).isCloseTo(0.05 - spread, within(1e-4 * spread));
    assertThat(found.high()).isCloseTo(0.05 + spread, within(1e-4 * spread));
  }

  @Test
  void isUndefinedOfNothingAndRefusesFewerItemsThanDiffer() {
    assertThat(new DiscordantPairs(0, 0).difference(0)).isEqualTo(Estimate.undefined(0));
    assertThatThrownBy(() -> new DiscordantPairs(2, 3).difference(4))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("items is 4; allowed: at least 5");
  }
}
