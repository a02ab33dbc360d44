/**
 * Text to tokens and back: the tokenizer, incremental detokenisation, stop strings and chat
 * templates. Internal to this module; nothing in here knows ONNX.
 *
 * <p>A model folder's {@code tokenizer.json} is the serialised pipeline of the Hugging Face
 * tokenizers library (normalizer, pre-tokenizer, model, post-processor, decoder; see <a
 * href="https://huggingface.co/docs/tokenizers/pipeline">its documentation</a>) and is run by that
 * very library. Chat templates are Jinja templates in the environment that transformers gives them
 * (see <a href="https://huggingface.co/docs/transformers/chat_templating_writing">Writing a chat
 * template</a>).
 */
@NullMarked
package io.patchkit.onnx.text;

import org.jspecify.annotations.NullMarked;
