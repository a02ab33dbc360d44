/**
 * How ONNX Runtime is started in a process, and what its sessions have in common, after <a
 * href="https://onnxruntime.ai/docs/api/java/ai/onnxruntime/OrtEnvironment.html">OrtEnvironment</a>.
 */
@NullMarked
package io.patchkit.onnx.runtime;

import org.jspecify.annotations.NullMarked;
