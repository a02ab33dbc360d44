package io.patchkit.release;

import io.patchkit.release.RegistryException.Reason;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Collections;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One value of a {@code WWW-Authenticate} header (RFC 9110, section 11.6.1) as registries write it:
 * a scheme, and parameters in quotation marks. What is not of that form is passed over.
 *
 * @param scheme in lower case
 * @param parameters by name in lower case; of two with one name the first
 */
record AuthChallenge(String scheme, Map<String, String> parameters) {

  /** Far more than a realm, a service and a scope take; the search below is quadratic. */
  private static final int MAX_CHARACTERS = 8 << 10;

  private static final Pattern PARAMETER = Pattern.compile("([a-zA-Z]+)=\"([^\"\\\\]*)\"");

  AuthChallenge {
    parameters = Collections.unmodifiableMap(new HashMap<>(parameters));
  }

  /**
   * Reads the value of a header.
   *
   * @throws RegistryException {@code MALFORMED_REPLY} if it is too long
   */
  static AuthChallenge parse(String header) {
    if (header.length() > MAX_CHARACTERS) {
      throw new RegistryException(
          Reason.MALFORMED_REPLY,
          "expected a challenge of at most "
              + MAX_CHARACTERS
              + " characters, found "
              + header.length());
    }
    Map<String, String> parameters = new HashMap<>();
    Matcher matcher = PARAMETER.matcher(header);
    while (matcher.find()) {
      parameters.putIfAbsent(matcher.group(1).toLowerCase(Locale.ROOT), matcher.group(2));
    }
    String scheme = header.strip().split(" ", 2)[0].toLowerCase(Locale.ROOT);
    return new AuthChallenge(scheme, parameters);
  }

  /** The parameter's value, or another one where the challenge has none. */
  String parameter(String name, String otherwise) {
    return parameters.getOrDefault(name, otherwise);
  }

  /**
   * The token server that the challenge names.
   *
   * @throws RegistryException {@code MALFORMED_REPLY} if it names none
   */
  URI realm() {
    String text = parameter("realm", "");
    try {
      URI realm = new URI(text);
      String scheme = String.valueOf(realm.getScheme()).toLowerCase(Locale.ROOT);
      if ((scheme.equals("https") || scheme.equals("http"))
          && realm.getHost() != null
          && realm.getRawUserInfo() == null
          && realm.getRawFragment() == null) {
        return realm;
      }
    } catch (URISyntaxException e) {
      throw noServer(text);
    }
    throw noServer(text);
  }

  private static RegistryException noServer(String text) {
    return new RegistryException(
        Reason.MALFORMED_REPLY,
        "expected a token server in the challenge, found " + OciManifest.quote(text));
  }
}
