/**
 * GGUF checkpoints: from one file of llama.cpp to a model folder that ONNX Runtime runs.
 *
 * <h2>The format</h2>
 *
 * A GGUF file (version 2 or 3, little-endian; specification: {@code docs/gguf.md} of the ggml
 * project) is a header, metadata, tensor descriptions, padding and the tensors' bytes:
 *
 * <pre>
 * "GGUF" u32 version, u64 tensors, u64 entries
 * entries × { string key, u32 kind, value }            string = u64 length, UTF-8 bytes
 * tensors × { string name, u32 rank, u64 dims[rank], u32 type, u64 offset }
 * padding to general.alignment (32 unless it says otherwise); offsets count from here
 * </pre>
 *
 * The first dimension varies fastest: a weight of dims {@code [K, N]} is N rows of K, one row for
 * each output.
 *
 * <h2>Quantised weights stay quantised</h2>
 *
 * Every block format of ggml that is a linear code, {@code w = scale · code + minimum} for each
 * group of 16 or 32 weights, is kept with its codes, so the graph holds the checkpoint's own
 * weights, not a second rounding of them. With {@code z} the operator's default zero point (8 or
 * 128) and {@code c} the centre of the code's range, a projection is
 *
 * <pre>
 * y = MatMulNBits(x; code − c + z, scale) + groupsum(x) · (minimum + c · scale)ᵀ
 * </pre>
 *
 * where {@code groupsum} adds the inputs of each group. The second term vanishes for the formats
 * without a minimum (Q4_0, Q5_0, Q8_0, Q3_K, Q6_K). Float zero points would express it too, but
 * they leave the fast kernels: 65 ms instead of 0.33 ms for one row at 2048 × 8192.
 *
 * <p>An embedding or an output projection in a format with a minimum (Q4_1, Q5_1, Q2_K, Q4_K, Q5_K)
 * is decoded to 32-bit floats instead: GatherBlockQuantized has no place for the minimum, and
 * before the logits there is to be one product. At 128,256 × 4,096 that is 2.1 GB.
 *
 * <h2>The result</h2>
 *
 * The folder has the layout of onnxruntime-genai: {@code model.onnx} with {@code model.onnx.data},
 * {@code tokenizer.json} with {@code tokenizer_config.json}, {@code config.json}, {@code
 * generation_config.json}, {@code genai_config.json} and, where the checkpoint has one, {@code
 * chat_template.jinja}. Equal checkpoints give byte-equal folders.
 */
@NullMarked
package io.patchkit.onnx.gguf;

import org.jspecify.annotations.NullMarked;
