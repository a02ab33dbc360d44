/**
 * Runs a decoder: the session, the key/value buffers of requests, encoded prefixes and their cache,
 * sampling, and the loop that turns them into text.
 *
 * <p>Data flows one way. {@link io.patchkit.onnx.decode.DecoderEngine} turns a stack of patches
 * into an {@link io.patchkit.onnx.decode.EncodedPrefix} (cached), opens a {@link
 * io.patchkit.onnx.decode.DecodeState} behind it for one request, and {@link
 * io.patchkit.onnx.decode.GenerationStream} pulls logits out of the state, a token out of the
 * logits, and text out of the tokens. {@link io.patchkit.onnx.decode.DecoderSession} is the only
 * class that calls the runtime and the only owner of its handles.
 *
 * <p>Internal: applications see {@code io.patchkit} and {@code io.patchkit.onnx}, and of the other
 * packages {@code OnnxJudge} and {@code GgufImport} only.
 */
@NullMarked
package io.patchkit.onnx.decode;

import org.jspecify.annotations.NullMarked;
