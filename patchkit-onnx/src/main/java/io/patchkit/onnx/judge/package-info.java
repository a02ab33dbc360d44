/**
 * ONNX text classifiers as judges of an evaluation. {@link io.patchkit.onnx.judge.OnnxJudge} opens
 * what Hugging Face exports for <a
 * href="https://huggingface.co/docs/transformers/tasks/sequence_classification">sequence
 * classification</a>, graphs that take strings, such as <a
 * href="https://onnx.ai/sklearn-onnx/">sklearn-onnx</a> makes of a text pipeline, and graphs over
 * ids of words, such as Keras models become.
 */
@NullMarked
package io.patchkit.onnx.judge;

import org.jspecify.annotations.NullMarked;
