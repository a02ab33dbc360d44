/**
 * Reading, editing and writing ONNX graphs without touching their weights.
 *
 * <p>{@link io.patchkit.onnx.graph.ModelFile} reads a {@code model.onnx}: the structure comes into
 * memory, the weights stay in the file and become references to it. {@link
 * io.patchkit.onnx.graph.Graph} is a mutable working copy of the structure, and the remaining types
 * are surgeries on it. The edited graph is loaded as bytes, with {@code
 * session.model_external_initializers_file_folder_path} naming {@link
 * io.patchkit.onnx.graph.ModelFile#folder()}.
 *
 * <p>The format is <a href="https://onnx.ai/onnx/repo-docs/IR.html">ONNX IR</a>; weights outside
 * the protobuf follow its <a href="https://onnx.ai/onnx/repo-docs/ExternalData.html">external
 * data</a> page.
 */
@NullMarked
package io.patchkit.onnx.graph;

import org.jspecify.annotations.NullMarked;
