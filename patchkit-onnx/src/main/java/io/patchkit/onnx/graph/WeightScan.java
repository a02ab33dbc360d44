package io.patchkit.onnx.graph;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.WireFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;

/**
 * Copies a model's protobuf without the weights stored inside it: the raw bytes of each large
 * initializer become a reference to their place in the same file.
 *
 * <p>Works on the wire format, because parsing would first bring every weight into memory. Messages
 * of unknown length are rebuilt from the inside out: tensor, graph, model.
 */
final class WeightScan {

  /** Raw bytes up to this many are constants rather than weights and stay inside. */
  static final int MAX_INSIDE = 1024;

  private static final int GRAPH =
      tag(ModelProto.GRAPH_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);
  private static final int INITIALIZER =
      tag(GraphProto.INITIALIZER_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);
  private static final int RAW_DATA =
      tag(TensorProto.RAW_DATA_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);

  private final CodedInputStream input;
  private final long fileSize;
  private final String fileName;

  /**
   * @param input the file's content from its start
   * @param fileName how references name the file
   */
  WeightScan(CodedInputStream input, long fileSize, String fileName) {
    this.input = input;
    this.fileSize = fileSize;
    this.fileName = fileName;
  }

  ModelProto read() throws IOException {
    return ModelProto.parseFrom(copy(this::model));
  }

  private void model(CodedOutputStream output) throws IOException {
    for (int tag = input.readTag(); tag != 0; tag = input.readTag()) {
      if (tag == GRAPH) {
        nested(tag, output, this::graph);
      } else {
        copyField(tag, output);
      }
    }
  }

  private void graph(CodedOutputStream output) throws IOException {
    for (int tag = input.readTag(); tag != 0; tag = input.readTag()) {
      if (tag == INITIALIZER) {
        nested(tag, output, this::tensor);
      } else {
        copyField(tag, output);
      }
    }
  }

  private void tensor(CodedOutputStream output) throws IOException {
    for (int tag = input.readTag(); tag != 0; tag = input.readTag()) {
      if (tag != RAW_DATA) {
        copyField(tag, output);
        continue;
      }
      int length = input.readRawVarint32();
      if (length >= 0 && length <= MAX_INSIDE) {
        output.writeByteArray(TensorProto.RAW_DATA_FIELD_NUMBER, input.readRawBytes(length));
        continue;
      }
      long offset = input.getTotalBytesRead();
      // A file stream skips past its own end without complaint.
      if (length < 0 || length > fileSize - offset) {
        throw new IOException("a weight of " + length + " bytes begins at " + offset);
      }
      input.skipRawBytes(length);
      TensorProto.Builder reference = TensorProto.newBuilder();
      new ExternalData(fileName, offset, length).writeTo(reference);
      reference.buildPartial().writeTo(output);
    }
  }

  private void copyField(int tag, CodedOutputStream output) throws IOException {
    UnknownFieldSet.Builder field = UnknownFieldSet.newBuilder();
    if (!field.mergeFieldFrom(tag, input)) {
      throw new IOException("a group ends that never began");
    }
    field.build().writeTo(output);
  }

  private void nested(int tag, CodedOutputStream output, Message message) throws IOException {
    int length = input.readRawVarint32();
    int limit = input.pushLimit(length);
    byte[] copy = copy(message);
    if (input.getBytesUntilLimit() != 0) {
      throw new IOException("a message ends before its declared length");
    }
    input.popLimit(limit);
    output.writeUInt32NoTag(tag);
    output.writeUInt32NoTag(copy.length);
    output.writeRawBytes(ByteString.copyFrom(copy));
  }

  private static byte[] copy(Message message) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream output = CodedOutputStream.newInstance(bytes);
    message.copyTo(output);
    output.flush();
    return bytes.toByteArray();
  }

  private static int tag(int field, int wireType) {
    return field << 3 | wireType;
  }

  private interface Message {
    void copyTo(CodedOutputStream output) throws IOException;
  }
}
