package io.patchkit.examples;

import io.patchkit.PatchkitException;
import io.patchkit.onnx.gguf.GgufImport;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;

/**
 * Turns a GGUF checkpoint into a model folder. {@code --weights AS_STORED} keeps its blocks, to be
 * served; {@code --weights FLOAT32} decodes them, to be trained on.
 */
public final class ImportGguf {

  private static final String USAGE =
      "run ImportGguf --file FILE.gguf --out DIR [--weights AS_STORED|FLOAT32]";

  private ImportGguf() {}

  public static void main(String... args) {
    ExampleArguments arguments =
        ExampleArguments.parse(USAGE, Set.of("file", "out", "weights"), args);
    String file = arguments.get("file");
    String out = arguments.get("out");
    if (file == null || out == null) {
      System.err.println("usage: " + USAGE);
      System.exit(2);
      return;
    }
    try {
      GgufImport.Weights weights =
          GgufImport.Weights.valueOf(
              arguments.get("weights", "AS_STORED").toUpperCase(Locale.ROOT).replace('-', '_'));
      ProgressBar bar = new ProgressBar(System.err, "Importing " + file);
      GgufImport.convert(Path.of(file), Path.of(out), weights, bar::advance);
      System.out.println("wrote " + out);
    } catch (PatchkitException | IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }
}
