package io.patchkit.format;

import org.jspecify.annotations.Nullable;

/**
 * Bytes that are not what their format promises: a document that is refused.
 *
 * <p>{@link #reason()} says which rule was broken, for programs; {@link #location()} says where, as
 * a JSON path such as {@code $.base.hidden} or as a part of the file such as {@code header}; the
 * message says both, and what was expected and found, for people. Text taken from the document is
 * quoted, escaped and shortened in the message, so that it is safe to log.
 */
public final class FormatException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** The rule that was broken. One constant per way of being malformed. */
  public enum Reason {
    // Any document
    /** More bytes than the limit allows. */
    TOO_LARGE,

    // JSON text
    /** The bytes are not UTF-8: overlong, truncated, surrogate or out-of-range sequences. */
    INVALID_UTF8,
    /** The text starts with a byte order mark. */
    BYTE_ORDER_MARK,
    /** The text is not JSON by RFC 8259. */
    INVALID_JSON,
    /** Bytes other than white space follow the value. */
    TRAILING_CONTENT,
    /** Objects and arrays nest deeper than the limit allows. */
    TOO_DEEP,
    /** A key appears twice in one object. */
    DUPLICATE_KEY,
    /** A string or key is longer than the limit allows. */
    STRING_TOO_LONG,
    /** A string or key holds half of a surrogate pair, which no UTF-8 text can say. */
    LONE_SURROGATE,
    /** A number has more characters than the limit allows. */
    NUMBER_TOO_LONG,
    /** A decimal number is beyond the range of a double. */
    NUMBER_OUT_OF_RANGE,
    /** {@code NaN} or {@code Infinity} as a number. */
    NON_FINITE_NUMBER,

    // JSON values
    /** A required field is absent. */
    MISSING_FIELD,
    /** A field that the format does not have. */
    UNKNOWN_FIELD,
    /** A value of another JSON type than the format says. */
    WRONG_TYPE,
    /** A number outside the allowed range. */
    OUT_OF_RANGE,
    /** A value of the right type that the format does not allow. */
    VALUE_NOT_ALLOWED,

    // Safetensors
    /** The file ends within its first eight bytes, the length of the header. */
    HEADER_LENGTH_MISSING,
    /** The header is longer than the limit allows. */
    HEADER_TOO_LARGE,
    /** The file ends within its header. */
    HEADER_TRUNCATED,
    /** The header does not begin with <code>{</code>. */
    HEADER_START,
    /** The header ends in something else than <code>}</code> and spaces. */
    HEADER_PADDING,
    /** The file holds no tensor. */
    NO_TENSORS,
    /** The file holds more tensors than the limit allows. */
    TOO_MANY_TENSORS,
    /** A key of the header, hence a tensor's name, appears twice. */
    DUPLICATE_TENSOR,
    /** A key appears twice in {@code __metadata__}. */
    DUPLICATE_METADATA_KEY,
    /** A tensor has the empty name. */
    EMPTY_TENSOR_NAME,
    /** A tensor's name is too long or holds characters that names may not hold. */
    ILLEGAL_TENSOR_NAME,
    /** A tensor's name could be taken for a path. */
    PATH_LIKE_TENSOR_NAME,
    /** An element type other than F32, F16 and BF16. */
    UNSUPPORTED_DTYPE,
    /** A shape with too many dimensions. */
    RANK_TOO_LARGE,
    /** A dimension below zero. */
    NEGATIVE_DIMENSION,
    /** A dimension of zero, hence a tensor without elements. */
    ZERO_DIMENSION,
    /** A shape whose element or byte count overflows. */
    SHAPE_OVERFLOW,
    /** A data offset below zero. */
    NEGATIVE_OFFSET,
    /** A tensor that ends before it begins. */
    OFFSETS_REVERSED,
    /** A tensor whose bytes are not as many as its shape and element type need. */
    SIZE_MISMATCH,
    /** Two tensors share bytes. */
    OVERLAP,
    /** Bytes that belong to no tensor lie before a tensor. */
    GAP,
    /** The file ends before its last tensor does. */
    DATA_TRUNCATED,
    /** Bytes follow the last tensor. */
    TRAILING_BYTES,
    /** An element is NaN or infinite. */
    NON_FINITE_VALUE
  }

  private final Reason reason;
  private final String location;

  /**
   * @param reason the rule that was broken
   * @param location where: a JSON path, or a part of the file
   * @param problem what was expected and what was found
   */
  public FormatException(Reason reason, String location, String problem) {
    this(reason, location, location + ": " + problem, null);
  }

  private FormatException(
      Reason reason, String location, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.reason = reason;
    this.location = location;
  }

  /** The same refusal, its message naming the file it was met in. */
  FormatException in(String file) {
    return new FormatException(reason, location, file + ": " + getMessage(), this);
  }

  /** The same place and problem under a more telling reason. */
  FormatException as(Reason other) {
    return new FormatException(other, location, String.valueOf(getMessage()), this);
  }

  /** The rule that was broken. */
  public Reason reason() {
    return reason;
  }

  /** Where: a JSON path such as {@code $.base.hidden}, or a part of the file. */
  public String location() {
    return location;
  }
}
