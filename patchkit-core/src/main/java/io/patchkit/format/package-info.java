/**
 * Safetensors and strict JSON: bytes to plain values and back, within limits.
 *
 * <p>The package knows what is well-formed; what a tensor or a field means is its callers' matter.
 * Reading decides everything about a document before it hands out anything of it: a document is
 * either read whole or refused with a {@link io.patchkit.format.FormatException} whose {@linkplain
 * io.patchkit.format.FormatException.Reason reason} says which rule below it breaks. Values are
 * immutable. Writing gives equal bytes for equal values in equal order.
 *
 * <h2>Strict JSON</h2>
 *
 * <p>{@link io.patchkit.format.StrictJson} reads RFC 8259 and nothing beyond it, such that no two
 * readers can take a document for different things:
 *
 * <ul>
 *   <li>The document is UTF-8 without a byte order mark. Overlong and truncated sequences, encoded
 *       surrogates and values beyond U+10FFFF are refused, and so is an escaped surrogate without
 *       its other half.
 *   <li>It is one value; nothing but white space (space, tab, line feed, carriage return) follows.
 *   <li>No object has a key twice. Keys are compared after their escapes are resolved.
 *   <li>Comments, trailing commas, single quotes, {@code NaN} and {@code Infinity} are refused.
 *   <li>A number without fraction and exponent is an integer and exact, however large; {@code -0},
 *       {@code 1.0} and {@code 1e3} are decimals. A decimal is the nearest double; one that would
 *       be infinite is refused, and so is a number of more than 128 characters.
 *   <li>Bytes, nesting and the length of strings are bounded by {@link
 *       io.patchkit.format.JsonLimits}.
 * </ul>
 *
 * <p>It writes UTF-8 with an object's fields in their order, two spaces per level, {@code ": "}
 * between key and value, {@code []} and <code>{}</code> for what is empty, a line feed after each
 * line and at the end. Strings escape only the quotation mark, the backslash and U+0000 to U+001F.
 * Decimals are the shortest that read back as the same double, laid out as Python's {@code repr}
 * does. The text is that of Python's {@code json.dumps(value, indent=2, ensure_ascii=False)} and a
 * line feed.
 *
 * <p>{@link io.patchkit.format.JsonObject} reads fields by name and type. A format of our own also
 * calls {@code rejectUnknown}; a format of somebody else's, which may grow fields, does not.
 *
 * <h2>Safetensors</h2>
 *
 * <p>A file is, in this order:
 *
 * <ol>
 *   <li>N, the length of the header in bytes: 8 bytes, unsigned, little-endian;
 *   <li>the header: N bytes of JSON beginning with <code>{</code>, its end padded with spaces;
 *   <li>the data: the tensors' elements, little-endian, row-major, to the end of the file.
 * </ol>
 *
 * <p>The header maps each tensor's name to {@code {"dtype": …, "shape": [d, …], "data_offsets":
 * [begin, end]}}, offsets in bytes from the begin of the data, and may map {@code __metadata__} to
 * an object of strings. See the <a
 * href="https://github.com/huggingface/safetensors#format">description of the format</a>.
 *
 * <p>{@link io.patchkit.format.Safetensors} reads a subset of what the safetensors library reads.
 * As the library does, it refuses
 *
 * <ul>
 *   <li>a file that ends early, goes on after its last tensor, or has a header longer than itself;
 *   <li>tensors that overlap, that leave a hole, or whose bytes are not those of shape and dtype;
 *   <li>negative, fractional or overflowing dimensions and offsets;
 *   <li>a header that is not UTF-8 and JSON.
 * </ul>
 *
 * <p>Beyond the library, it refuses
 *
 * <ul>
 *   <li>a header over 1 MiB, more than 4,096 tensors, a file over 256 MiB (defaults of {@link
 *       io.patchkit.format.SafetensorsLimits});
 *   <li>a header that is not strict JSON as above: above all a tensor or a metadata key that is
 *       there twice;
 *   <li>white space before the header, and padding by anything but spaces;
 *   <li>fields other than {@code dtype}, {@code shape} and {@code data_offsets};
 *   <li>dtypes other than F32, F16 and BF16;
 *   <li>a file without tensors, a tensor without elements, more than eight dimensions;
 *   <li>NaN and infinite elements;
 *   <li>names other than 1 to 256 ASCII letters, digits, {@code _}, {@code .}, {@code +} and {@code
 *       -}; names that start with a dot or hold two in a row.
 * </ul>
 *
 * <p>It writes as the library does, byte for byte: {@code __metadata__} first, if there is any; the
 * tensors, in header and data alike, F32 before BF16 before F16 and by name within each; no white
 * space but the padding, which makes N a multiple of 8. An empty {@code __metadata__} is read and
 * not written.
 */
@NullMarked
package io.patchkit.format;

import org.jspecify.annotations.NullMarked;
