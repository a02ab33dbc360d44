/**
 * ONNX text classifiers as judges of an evaluation. {@link io.patchkit.onnx.judge.OnnxJudge} opens
 * what Hugging Face exports for <a
 * href="https://huggingface.co/docs/transformers/tasks/sequence_classification">sequence
 * classification</a>, and graphs that take strings, such as <a
 * href="https://onnx.ai/sklearn-onnx/">sklearn-onnx</a> makes of a text pipeline.
 */
@NullMarked
package io.patchkit.onnx.judge;

import org.jspecify.annotations.NullMarked;
