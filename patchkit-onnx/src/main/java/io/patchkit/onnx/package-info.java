/** The ONNX Runtime backend: {@code OnnxModel} and {@code OnnxOptions}. */
@NullMarked
package io.patchkit.onnx;

import org.jspecify.annotations.NullMarked;
