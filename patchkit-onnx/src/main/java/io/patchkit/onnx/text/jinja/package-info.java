/**
 * The Jinja template language as chat templates use it, with the meaning that jinja2 3.1 gives it.
 * Specification: <a href="https://jinja.palletsprojects.com/en/stable/templates/">Template Designer
 * Documentation</a>; the oracle of the tests is jinja2 itself.
 *
 * <p>Supported: data, comments, {@code raw}; {@code for} (filtered, unpacking, {@code else}, {@code
 * break}, {@code continue}, {@code loop}), {@code if}, {@code set} (names, tuples, namespaces,
 * blocks), {@code macro}, {@code call}, {@code filter}, {@code generation}; whitespace control with
 * {@code trim_blocks} and {@code lstrip_blocks} on; all expressions with Python's precedence,
 * slices, truth, text and arithmetic; the filters, tests and methods named in {@link
 * io.patchkit.onnx.text.jinja.Filters}, {@link io.patchkit.onnx.text.jinja.Tests}, {@link
 * io.patchkit.onnx.text.jinja.StringMethods} and {@link io.patchkit.onnx.text.jinja.Attributes}.
 *
 * <p>Everything else is refused by name and line, never guessed: {@code include}, {@code import},
 * {@code extends}, {@code block}, {@code with}, recursive loops, string formatting, HTML escaping.
 *
 * <p>Known differences: a name that a block sets only after an inner block has read it is undefined
 * in that inner block for jinja2, and what it is outside for this one; {@code safe} changes
 * nothing; {@code unique} takes items that Python cannot hash; integers beyond 64 bits are refused.
 *
 * <p>A template is data from somebody else. It sees strings, numbers, booleans, none, lists and
 * mappings and can change none of them; there is no reflection, hence no way to a class, a file or
 * a process. Work, text and nesting are bounded, so rendering always ends.
 */
@NullMarked
package io.patchkit.onnx.text.jinja;

import org.jspecify.annotations.NullMarked;
