package io.patchkit.format;

import static io.patchkit.format.FormatException.Reason.EMPTY_TENSOR_NAME;
import static io.patchkit.format.FormatException.Reason.ILLEGAL_TENSOR_NAME;
import static io.patchkit.format.FormatException.Reason.PATH_LIKE_TENSOR_NAME;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The names that tensors may have. */
final class TensorName {

  private static final Pattern LEGAL = Pattern.compile("[A-Za-z0-9_.+-]{1,256}");
  private static final Pattern PATH_LIKE =
      Pattern.compile(".*[/\\\\].*|\\..*|.*\\.\\..*|[A-Za-z]:.*", Pattern.DOTALL);

  private TensorName() {}

  /** Why {@code name} is not allowed, or null where it is. */
  static @Nullable FormatException refusal(String name) {
    String location = JsonText.member("$", name);
    if (name.isEmpty()) {
      return new FormatException(
          EMPTY_TENSOR_NAME, location, "expected a tensor's name, found the empty one");
    }
    if (PATH_LIKE.matcher(name).matches()) {
      return new FormatException(
          PATH_LIKE_TENSOR_NAME, location, "expected a tensor's name, found what may be a path");
    }
    if (!LEGAL.matcher(name).matches() || name.equals(SafetensorsHeader.METADATA)) {
      return new FormatException(
          ILLEGAL_TENSOR_NAME,
          location,
          "expected a name of at most 256 ASCII letters, digits, _ . + and -, other than "
              + SafetensorsHeader.METADATA);
    }
    return null;
  }
}
