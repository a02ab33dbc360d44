package io.patchkit.onnx.gradient;

import io.patchkit.CorruptModelException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * A {@link Pass} as bytes, equal for equal passes: SHA-256 of what follows; then, as {@link
 * DataOutputStream} writes them, the names of the inputs, hidden size, embedding scale, the widest
 * line, the planes of keys and values, the names of the outputs, and the graph in the protobuf's
 * wire format. Lists and graph begin with their length.
 */
final class PassCodec {

  private static final int DIGEST_BYTES = 32;

  private PassCodec() {}

  static byte[] encode(Pass pass) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream output = new DataOutputStream(bytes)) {
      GraphInputs inputs = pass.inputs();
      writeNames(output, inputs.names().stream().sorted().toList());
      output.writeInt(inputs.prefix().hidden());
      output.writeFloat(inputs.embeddingScale());
      output.writeInt(inputs.maxWidth());
      output.writeInt(inputs.prefix().planes().size());
      for (PrefixLayout.Plane plane : inputs.prefix().planes()) {
        output.writeUTF(plane.input());
        output.writeInt(plane.heads());
        output.writeInt(plane.headDim());
      }
      writeNames(output, pass.outputs());
      byte[] model = pass.model();
      output.writeInt(model.length);
      output.write(model);
    } catch (IOException e) {
      throw new IllegalStateException("memory cannot fail", e);
    }
    byte[] content = bytes.toByteArray();
    byte[] encoded = Arrays.copyOf(digest(content), DIGEST_BYTES + content.length);
    System.arraycopy(content, 0, encoded, DIGEST_BYTES, content.length);
    return encoded;
  }

  /**
   * The pass that {@link #encode} wrote.
   *
   * @param folder of the weights
   * @throws CorruptModelException if a byte is missing or changed
   */
  static Pass decode(byte[] encoded, Path folder) {
    byte[] content =
        Arrays.copyOfRange(encoded, Math.min(DIGEST_BYTES, encoded.length), encoded.length);
    if (!MessageDigest.isEqual(Arrays.copyOf(encoded, DIGEST_BYTES), digest(content))) {
      throw new CorruptModelException("Expected a gradient graph, found a damaged one");
    }
    try (DataInputStream input = new DataInputStream(new ByteArrayInputStream(content))) {
      Set<String> names = new LinkedHashSet<>(readNames(input));
      int hidden = input.readInt();
      float scale = input.readFloat();
      int maxWidth = input.readInt();
      List<PrefixLayout.Plane> planes = new ArrayList<>();
      for (int i = input.readInt(); i > 0; i--) {
        planes.add(new PrefixLayout.Plane(input.readUTF(), input.readInt(), input.readInt()));
      }
      List<String> outputs = readNames(input);
      byte[] model = new byte[input.readInt()];
      input.readFully(model);
      return new Pass(
          model,
          folder,
          new GraphInputs(names, new PrefixLayout(hidden, planes), scale, maxWidth),
          outputs);
    } catch (IOException e) {
      throw new CorruptModelException("Expected a gradient graph, found a shorter file", e);
    }
  }

  private static void writeNames(DataOutputStream output, List<String> names) throws IOException {
    output.writeInt(names.size());
    for (String name : names) {
      output.writeUTF(name);
    }
  }

  private static List<String> readNames(DataInputStream input) throws IOException {
    List<String> names = new ArrayList<>();
    for (int i = input.readInt(); i > 0; i--) {
      names.add(input.readUTF());
    }
    return names;
  }

  private static byte[] digest(byte[] content) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(content);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
