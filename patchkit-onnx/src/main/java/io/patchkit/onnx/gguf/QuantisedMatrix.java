package io.patchkit.onnx.gguf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A projection of quantised rows, laid out as MatMulNBits wants it: codes [N, K / group, group ·
 * bits / 8], scales [N, K / group] and, for affine formats, the offsets {@code minimum + centre ·
 * scale} transposed, [K / group, N].
 *
 * @param parts weights of one format and one K, stacked
 */
record QuantisedMatrix(
    GgufFile file,
    List<WeightRows> parts,
    BlockFormat format,
    Region codes,
    Region scales,
    @Nullable Region offsets)
    implements Payload {

  @Override
  public void write(FileChannel out) throws IOException {
    int outputs = 0;
    for (WeightRows part : parts) {
      outputs += part.rows();
    }
    int base = 0;
    for (WeightRows part : parts) {
      int firstOutput = base;
      Chunk chunk = new Chunk(part, format);
      int all = outputs;
      part.forEachChunk(
          file,
          (bytes, first, count) -> {
            chunk.encode(bytes, count);
            chunk.write(out, firstOutput + first, all);
          });
      base += part.rows();
    }
  }

  /** Some rows, recoded and waiting to be written. */
  private final class Chunk {
    private final WeightRows rows;
    private final BlockFormat format;
    private final int groups;
    private final Block block = new Block();
    private ByteBuffer codeBytes = ByteBuffer.allocate(0);
    private ByteBuffer scaleBytes = ByteBuffer.allocate(0);
    private ByteBuffer[] offsetBytes = {};

    Chunk(WeightRows rows, BlockFormat format) {
      this.rows = rows;
      this.format = format;
      this.groups = rows.columns() / format.group();
    }

    void encode(ByteBuffer bytes, int count) {
      reserve(count);
      GgmlType type = rows.tensor().type();
      for (int row = 0; row < count; row++) {
        int offset = rows.offset(row);
        for (int first = 0; first < rows.columns(); first += type.blockElements()) {
          format.decoder().decode(bytes, offset, block);
          offset += type.blockBytes();
          encodeBlock(type.blockElements(), first / format.group());
        }
      }
    }

    private void reserve(int count) {
      codeBytes = allocate(codeBytes, count * rows.columns() * format.bits() / 8);
      scaleBytes = allocate(scaleBytes, count * groups * Float.BYTES);
      if (format.affine()) {
        if (offsetBytes.length == 0) {
          offsetBytes = new ByteBuffer[groups];
        }
        for (int group = 0; group < groups; group++) {
          @Nullable ByteBuffer old = offsetBytes[group];
          offsetBytes[group] =
              allocate(old == null ? ByteBuffer.allocate(0) : old, count * Float.BYTES);
        }
      }
    }

    private void encodeBlock(int elements, int firstGroup) {
      int shift = format.zeroPoint() - format.centre();
      if (format.bits() == 8) {
        for (int i = 0; i < elements; i++) {
          codeBytes.put((byte) (block.codes[i] + shift));
        }
      } else {
        for (int i = 0; i < elements; i += 2) {
          codeBytes.put((byte) (block.codes[i] + shift | (block.codes[i + 1] + shift) << 4));
        }
      }
      for (int group = 0; group < elements / format.group(); group++) {
        float scale = block.scales[group];
        rows.requireFinite(scale);
        scaleBytes.putFloat(scale);
        if (format.affine()) {
          float offset = block.minima[group] + format.centre() * scale;
          rows.requireFinite(offset);
          offsetBytes[firstGroup + group].putFloat(offset);
        }
      }
    }

    private void write(FileChannel out, int firstOutput, int outputs) throws IOException {
      long codeRow = (long) rows.columns() * format.bits() / 8;
      codes.write(out, firstOutput * codeRow, codeBytes.flip());
      scales.write(out, (long) firstOutput * groups * Float.BYTES, scaleBytes.flip());
      if (offsets != null) {
        for (int group = 0; group < groups; group++) {
          long at = ((long) group * outputs + firstOutput) * Float.BYTES;
          offsets.write(out, at, offsetBytes[group].flip());
        }
      }
    }
  }

  private static ByteBuffer allocate(ByteBuffer old, int bytes) {
    return old.capacity() < bytes
        ? ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN)
        : old.clear();
  }
}
