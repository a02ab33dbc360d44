package io.patchkit.onnx.gguf;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/**
 * A llama decoder in double precision, written from its equations and in the order of llama.cpp:
 * rotary pairs are neighbours here, so it knows nothing of the import's reordering.
 */
final class ReferenceLlama {

  private final Map<String, double[][]> weights = new HashMap<>();
  private final LlamaConfig config;
  private final double[] factors;

  ReferenceLlama(GgufFile file) throws IOException {
    config = LlamaConfig.of(file);
    for (GgufTensor tensor : file.tensors().values()) {
      WeightRows rows = new WeightRows(tensor, 0);
      double[][] matrix = new double[rows.rows()][rows.columns()];
      float[] row = new float[rows.columns()];
      rows.forEachChunk(
          file,
          (bytes, first, count) -> {
            for (int r = 0; r < count; r++) {
              rows.decode(bytes, rows.offset(r), new Block(), row);
              for (int i = 0; i < row.length; i++) {
                matrix[first + r][i] = row[i];
              }
            }
          });
      weights.put(tensor.name(), matrix);
    }
    factors = new double[config.headDim() / 2];
    for (int i = 0; i < factors.length; i++) {
      factors[i] =
          weights.containsKey("rope_freqs.weight") ? weights.get("rope_freqs.weight")[0][i] : 1;
    }
  }

  /** Logits of every position. */
  double[][] logits(int[] ids) {
    double[][] x = new double[ids.length][];
    for (int p = 0; p < ids.length; p++) {
      x[p] = weights.get("token_embd.weight")[ids[p]].clone();
    }
    for (int layer = 0; layer < config.layers(); layer++) {
      String blk = "blk." + layer + ".";
      add(x, attention(blk, normed(x, blk + "attn_norm.weight")));
      add(x, feedForward(blk, normed(x, blk + "ffn_norm.weight")));
    }
    String head = weights.containsKey("output.weight") ? "output" : "token_embd";
    return linear(normed(x, "output_norm.weight"), head);
  }

  private double[][] attention(String blk, double[][] x) {
    double[][] q = linear(x, blk + "attn_q");
    double[][] k = linear(x, blk + "attn_k");
    double[][] v = linear(x, blk + "attn_v");
    rotate(q);
    rotate(k);
    int dim = config.headDim();
    int shared = config.heads() / config.keyValueHeads();
    double[][] out = new double[x.length][config.heads() * dim];
    for (int head = 0; head < config.heads(); head++) {
      int from = head / shared * dim;
      for (int p = 0; p < x.length; p++) {
        double[] weight = new double[p + 1];
        double sum = 0;
        for (int s = 0; s <= p; s++) {
          double dot = 0;
          for (int i = 0; i < dim; i++) {
            dot += q[p][head * dim + i] * k[s][from + i];
          }
          weight[s] = Math.exp(dot * config.attentionScale());
          sum += weight[s];
        }
        for (int s = 0; s <= p; s++) {
          for (int i = 0; i < dim; i++) {
            out[p][head * dim + i] += weight[s] / sum * v[s][from + i];
          }
        }
      }
    }
    return linear(out, blk + "attn_output");
  }

  private double[][] feedForward(String blk, double[][] x) {
    double[][] gate = linear(x, blk + "ffn_gate");
    double[][] up = linear(x, blk + "ffn_up");
    for (int p = 0; p < x.length; p++) {
      for (int i = 0; i < gate[p].length; i++) {
        gate[p][i] = gate[p][i] / (1 + Math.exp(-gate[p][i])) * up[p][i];
      }
    }
    return linear(gate, blk + "ffn_down");
  }

  private void rotate(double[][] x) {
    int dim = config.headDim();
    for (int p = 0; p < x.length; p++) {
      for (int i = 0; i < x[p].length; i += 2) {
        int pair = i % dim / 2;
        double angle =
            p
                / (double) config.ropeScale()
                * Math.pow(config.ropeBase(), -2.0 * pair / dim)
                / factors[pair];
        double a = x[p][i];
        double b = x[p][i + 1];
        x[p][i] = a * Math.cos(angle) - b * Math.sin(angle);
        x[p][i + 1] = a * Math.sin(angle) + b * Math.cos(angle);
      }
    }
  }

  private double[][] normed(double[][] x, String weight) {
    double[][] out = new double[x.length][];
    for (int p = 0; p < x.length; p++) {
      double squares = 0;
      for (double value : x[p]) {
        squares += value * value;
      }
      double scale = 1 / Math.sqrt(squares / x[p].length + config.rmsEpsilon());
      out[p] = new double[x[p].length];
      for (int i = 0; i < x[p].length; i++) {
        out[p][i] = x[p][i] * scale * weights.get(weight)[0][i];
      }
    }
    return out;
  }

  private double[][] linear(double[][] x, String name) {
    double[][] matrix = weights.get(name + ".weight");
    double[][] bias = weights.get(name + ".bias");
    double[][] out = new double[x.length][matrix.length];
    for (int p = 0; p < x.length; p++) {
      for (int n = 0; n < matrix.length; n++) {
        double sum = bias == null ? 0 : bias[0][n];
        for (int k = 0; k < matrix[n].length; k++) {
          sum += matrix[n][k] * x[p][k];
        }
        out[p][n] = sum;
      }
    }
    return out;
  }

  private static void add(double[][] x, double[][] y) {
    for (int p = 0; p < x.length; p++) {
      for (int i = 0; i < x[p].length; i++) {
        x[p][i] += y[p][i];
      }
    }
  }
}
