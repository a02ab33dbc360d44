package io.patchkit.release;

import io.patchkit.format.FormatException;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.StrictJson;
import io.patchkit.release.RegistryException.Reason;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One page of a registry's list of tags.
 *
 * @param tags in the registry's order, versions or not
 * @param next where the {@code Link} header (RFC 8288) says that the list goes on, on whatever
 *     host; null on the last page
 */
record TagPage(List<String> tags, @Nullable URI next) {

  static final int MAX_BYTES = 1 << 20;

  private static final Pattern NEXT = Pattern.compile("<([^>]{1,2000})>; *rel=\"?next\"?");

  TagPage {
    tags = List.copyOf(tags);
  }

  /**
   * Reads a page.
   *
   * @param page where it came from
   * @param link its {@code Link} header, empty if it has none
   * @throws RegistryException {@code MALFORMED_REPLY}
   */
  static TagPage parse(byte[] body, String link, URI page) {
    try {
      JsonObject root = StrictJson.parseObject(body, JsonLimits.large().withMaxBytes(MAX_BYTES));
      boolean isEmpty = root.optionalArray("tags") == null;
      return new TagPage(isEmpty ? List.of() : root.array("tags").strings(), next(link, page));
    } catch (FormatException e) {
      throw new RegistryException(
          Reason.MALFORMED_REPLY, "the list of tags is none: " + e.getMessage(), e);
    }
  }

  private static @Nullable URI next(String link, URI page) {
    Matcher matcher = NEXT.matcher(link);
    if (!matcher.find()) {
      return null;
    }
    try {
      return page.resolve(new URI(matcher.group(1)));
    } catch (URISyntaxException e) {
      throw new RegistryException(
          Reason.MALFORMED_REPLY,
          "expected the next page of tags at a URI, found " + OciManifest.quote(matcher.group(1)),
          e);
    }
  }
}
