package io.patchkit.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FigureTextTest {

  @ParameterizedTest
  @CsvSource({
    "0, 0.00",
    "-0.0, 0.00",
    "0.35, 0.35",
    "-1.724, −1.72",
    "21.34, 21.3",
    "1234.4, 1234",
    "0.056, 0.06",
    "0.0047, 0.0047",
    "-0.000468, −0.00047",
    "0.00099, 0.00099",
    "0.0000012, 0.0000012",
    "0.00000012, 1.2e−07",
    "2500000, 2.5e+06",
    "NaN, –",
    "-Infinity, −∞"
  })
  void writesWhatAReaderCanCompare(double value, String text) {
    assertThat(FigureText.significant(value)).isEqualTo(text);
  }
}
