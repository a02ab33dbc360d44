package io.patchkit.onnx.graph;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.CodedInputStream;
import io.patchkit.CorruptModelException;
import io.patchkit.UnsupportedModelException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.SortedMap;

/**
 * An ONNX model on disk, read without its weights.
 *
 * <p>Every reference to a weight has been checked, in the bodies and attributes of nodes too: it
 * lies inside the model's folder, exists, and has the size that its dimensions imply. Immutable and
 * thread-safe; holds no file open.
 */
public final class ModelFile {

  private final OnnxMl.ModelProto model;
  private final WeightFiles weights;

  private ModelFile(OnnxMl.ModelProto model, WeightFiles weights) {
    this.model = model;
    this.weights = weights;
  }

  /**
   * Reads the structure of a model.
   *
   * @param modelOnnx the {@code model.onnx}
   * @throws CorruptModelException if it is missing, truncated or not ONNX, or if it refers to
   *     weights that are missing, too short or outside its folder
   * @throws UnsupportedModelException if it uses a part of ONNX that no decoder uses, such as
   *     sparse weights
   */
  public static ModelFile read(Path modelOnnx) {
    OnnxMl.ModelProto model;
    WeightFiles weights;
    try {
      Path real = modelOnnx.toRealPath();
      weights = new WeightFiles(modelOnnx, real);
      try (InputStream file = Files.newInputStream(real)) {
        String name = real.getFileName().toString();
        model = new WeightScan(CodedInputStream.newInstance(file), Files.size(real), name).read();
      }
    } catch (IOException e) {
      throw new CorruptModelException(
          "Expected an ONNX model in "
              + modelOnnx
              + ", found a file that cannot be read as one ("
              + e.getMessage()
              + "); fetch or export it again",
          e);
    }
    if (!model.hasGraph()
        || model.getGraph().getNodeCount() == 0
        || model.getOpsetImportCount() == 0) {
      throw new CorruptModelException(
          "Expected an ONNX model in " + modelOnnx + ", found no graph; fetch or export it again");
    }
    OnnxMl.ModelProto.Builder checked = model.toBuilder();
    TensorCheck check = new TensorCheck(weights);
    check.graph(checked.getGraphBuilder());
    for (OnnxMl.FunctionProto.Builder function : checked.getFunctionsBuilderList()) {
      check.nodes(function.getNodeBuilderList());
    }
    ModelFile read = new ModelFile(checked.build(), weights);
    read.graph().requireDefined();
    return read;
  }

  /**
   * The folder that the weights' locations are relative to, for {@code
   * session.model_external_initializers_file_folder_path}.
   */
  public Path folder() {
    return weights.folder();
  }

  /**
   * The files of graph and weights, links resolved, by their names in the model's folder; sorted
   * and not empty.
   */
  public SortedMap<String, Path> files() {
    return weights.byName();
  }

  /**
   * Lower-case hexadecimal SHA-256 of the graph's structure: operators, small constants wherever
   * they lie, and where the weights lie, but not the weights.
   */
  public String digest() {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(model.toByteArray());
      for (Initializer initializer : graph().initializers()) {
        ExternalData external = initializer.external();
        if (external != null && external.length() <= WeightScan.MAX_INSIDE) {
          digest.update(weights.read(external));
        }
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** A fresh working copy of the graph. */
  public Graph graph() {
    return new Graph(model, weights);
  }
}
