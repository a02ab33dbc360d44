package io.patchkit.onnx;

import io.patchkit.onnx.graph.ElementType;
import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.ModelFile;
import io.patchkit.onnx.graph.Node;
import io.patchkit.onnx.graph.TensorInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Copies of model folders whose graphs were exported in another way. */
public final class ModelCopy {

  private static final String GRAPH = "model.onnx";

  private ModelCopy() {}

  /** Copies a folder and changes its {@code model.onnx}; returns the copy, a new folder. */
  public static Path of(Path folder, Path target, Consumer<Graph> change) {
    try {
      Files.createDirectory(target);
      try (Stream<Path> files = Files.list(folder)) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          Files.copy(file, target.resolve(renamed(file.getFileName().toString())));
        }
      }
      Graph graph = ModelFile.read(folder.resolve(GRAPH)).graph();
      change.accept(graph);
      String bytes = new String(graph.toBytes(), StandardCharsets.ISO_8859_1);
      Files.writeString(target.resolve(GRAPH), renamed(bytes), StandardCharsets.ISO_8859_1);
      return target;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Weights stay where they are in their file, which may be that of the graph. */
  private static String renamed(String text) {
    return text.replace(GRAPH, "whole.onnx");
  }

  /** Takes whole numbers as another type. */
  public static void retype(Graph graph, ElementType to) {
    for (TensorInfo input : graph.inputs()) {
      if (input.type() == ElementType.INT64) {
        String wide = graph.uniqueName(input.name() + "/wide");
        graph.replaceUses(input.name(), wide);
        graph.removeInput(input.name());
        graph.addInput(new TensorInfo(input.name(), to, input.dims()));
        graph.add(
            Node.of("Cast", List.of(input.name()), List.of(wide))
                .with("to", ElementType.INT64.number()));
      }
    }
  }
}
