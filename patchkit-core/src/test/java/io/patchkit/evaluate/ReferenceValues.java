package io.patchkit.evaluate;

import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.StrictJson;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** What numpy and scipy make of given numbers; reference.py wrote them. */
final class ReferenceValues {

  private ReferenceValues() {}

  static JsonObject part(String name) {
    try (InputStream in = ReferenceValues.class.getResourceAsStream("reference.json")) {
      return StrictJson.parseObject(in.readAllBytes(), JsonLimits.large()).object(name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static JsonArray list(String name) {
    try (InputStream in = ReferenceValues.class.getResourceAsStream("reference.json")) {
      return StrictJson.parseObject(in.readAllBytes(), JsonLimits.large()).array(name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static double[] numbers(JsonArray array) {
    double[] numbers = new double[array.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = array.number(i, -Double.MAX_VALUE, Double.MAX_VALUE);
    }
    return numbers;
  }

  static double[][] matrix(JsonArray array) {
    double[][] matrix = new double[array.size()][];
    for (int i = 0; i < matrix.length; i++) {
      matrix[i] = numbers(array.array(i));
    }
    return matrix;
  }
}
