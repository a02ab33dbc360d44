package io.patchkit.train;

import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.StrictJson;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;

/** What torch found; {@code reference.py} beside the file made it. */
final class TorchReference {

  private TorchReference() {}

  static List<JsonObject> load(String section) {
    try (InputStream in = TorchReference.class.getResourceAsStream("reference.json")) {
      return StrictJson.parseObject(in.readAllBytes(), JsonLimits.large()).array(section).objects();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static double number(JsonObject json, String name) {
    return json.number(name, -Double.MAX_VALUE, Double.MAX_VALUE);
  }

  static double[] numbers(JsonArray array) {
    double[] numbers = new double[array.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = number(JsonObject.builder().put("n", array.get(i)).build(), "n");
    }
    return numbers;
  }

  static float[] floats(JsonArray array) {
    double[] numbers = numbers(array);
    float[] floats = new float[numbers.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) numbers[i];
    }
    return floats;
  }
}
