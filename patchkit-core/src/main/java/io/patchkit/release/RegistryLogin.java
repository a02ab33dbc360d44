package io.patchkit.release;

import io.patchkit.format.FormatException;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.StrictJson;
import io.patchkit.release.RegistryException.Reason;
import io.patchkit.release.Retries.Transient;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/**
 * Answers a registry's {@code WWW-Authenticate}: Basic (RFC 7617), or Bearer with a token from the
 * server that the registry names (<a
 * href="https://distribution.github.io/distribution/spec/auth/token/">token authentication</a>).
 * Thread-safe.
 */
final class RegistryLogin {

  private static final int MAX_TOKEN_REPLY_BYTES = 64 << 10;
  static final Pattern TOKEN = Pattern.compile("[!-~]{1,32768}");

  private final URI registry;
  private final RegistryCredentials credentials;
  private final RegistryHttp http;
  private final Map<String, String> authorizations = new ConcurrentHashMap<>();

  RegistryLogin(URI registry, RegistryCredentials credentials, RegistryHttp http) {
    this.registry = registry;
    this.credentials = credentials;
    this.http = http;
  }

  /** The header for a request of this scope, as far as the registry was asked before. */
  Optional<String> authorization(String scope) {
    return Optional.ofNullable(authorizations.get(scope));
  }

  /**
   * Makes the header that these challenges want, and remembers it for the scope.
   *
   * @param shown the header that was refused, if the request had one
   * @throws RegistryException {@code UNAUTHORIZED} or {@code INSECURE_CREDENTIALS}
   */
  void answer(List<String> challenges, String scope, Optional<String> shown, Retries retries)
      throws Transient {
    RegistryCredentials current = current();
    for (String header : challenges) {
      AuthChallenge challenge = AuthChallenge.parse(header);
      if (challenge.scheme().equals("bearer")) {
        String token = token(current, challenge, scope, retries);
        if (current instanceof RegistryCredentials.Bearer
            && shown.isPresent()
            && shown.get().equals("Bearer " + token)) {
          throw unauthorized("found the token refused");
        }
        authorizations.put(scope, "Bearer " + token);
        return;
      }
      if (challenge.scheme().equals("basic")
          && current instanceof RegistryCredentials.Basic basic) {
        requireSecure(registry);
        authorizations.put(scope, header(basic));
        return;
      }
    }
    throw unauthorized("found " + challenges.size() + " challenges that they do not answer");
  }

  /** What is shown now. */
  private RegistryCredentials current() {
    RegistryCredentials current = credentials;
    while (current instanceof RegistryCredentials.Supplied supplied) {
      current = Objects.requireNonNull(supplied.supplier().get(), "the supplier gave null");
    }
    return current;
  }

  private String token(
      RegistryCredentials current, AuthChallenge challenge, String scope, Retries retries)
      throws Transient {
    if (current instanceof RegistryCredentials.Bearer bearer) {
      requireSecure(registry);
      return bearer.token();
    }
    URI realm = realm(challenge);
    String query =
        "service="
            + encode(challenge.parameter("service", ""))
            + "&scope="
            + encode(challenge.parameter("scope", scope));
    URI uri = URI.create(realm + (realm.getRawQuery() == null ? "?" : "&") + query);
    HttpRequest.Builder request = HttpRequest.newBuilder(uri).GET();
    if (current instanceof RegistryCredentials.Basic basic) {
      requireMaySee(realm, basic);
      request.setHeader("Authorization", header(basic));
    }
    RegistryHttp.Reply reply =
        http.exchange(request.build(), retries, RegistryHttp.Download.upTo(MAX_TOKEN_REPLY_BYTES));
    if (reply.status() != 200) {
      throw unauthorized("found that " + realm.getAuthority() + " answered " + reply.status());
    }
    return token(reply.body(), realm);
  }

  /** The token in a token server's reply. */
  static String token(byte[] body, URI realm) {
    try {
      JsonObject json = StrictJson.parseObject(body, JsonLimits.defaults());
      String token = json.optionalString("token");
      String found = token == null ? json.string("access_token") : token;
      if (!TOKEN.matcher(found).matches()) {
        throw json.notAllowed("token", "visible ASCII characters");
      }
      return found;
    } catch (FormatException e) {
      throw new RegistryException(
          Reason.MALFORMED_REPLY,
          "the token server " + realm.getAuthority() + " sent no token: " + e.getMessage(),
          e);
    }
  }

  /** The token server; https, unless the registry is spoken to without TLS itself. */
  private URI realm(AuthChallenge challenge) {
    URI realm = challenge.realm();
    boolean isSecure = realm.getScheme().equalsIgnoreCase("https");
    if (!isSecure && !registry.getScheme().equals("http")) {
      throw new RegistryException(
          Reason.REDIRECT_DOWNGRADE,
          "expected an https token server, found " + OciManifest.quote(realm.toString()));
    }
    return realm;
  }

  private void requireMaySee(URI realm, RegistryCredentials.Basic basic) {
    requireSecure(realm);
    if (!realm.getHost().equalsIgnoreCase(registry.getHost())
        && !DockerHub.isTokenServerOf(registry, realm)
        && !basic.tokenHosts().contains(realm.getHost())) {
      throw new RegistryException(
          Reason.INSECURE_CREDENTIALS,
          "expected a token server on "
              + registry.getHost()
              + ", found "
              + realm.getHost()
              + "; if it is the registry's, allow it with Basic.withTokenHosts");
    }
  }

  private static void requireSecure(URI uri) {
    if (!"https".equals(uri.getScheme()) && !isLoopback(uri.getHost())) {
      throw new RegistryException(
          Reason.INSECURE_CREDENTIALS,
          "expected https to send credentials to "
              + uri.getHost()
              + ", found http; use TLS, or no credentials");
    }
  }

  private static boolean isLoopback(String host) {
    return host.equals("localhost")
        || host.equals("[::1]")
        || host.matches("127(\\.[0-9]{1,3}){3}");
  }

  private static String header(RegistryCredentials.Basic basic) {
    byte[] pair = (basic.user() + ":" + basic.secret()).getBytes(StandardCharsets.UTF_8);
    return "Basic " + Base64.getEncoder().encodeToString(pair);
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private RegistryException unauthorized(String found) {
    boolean isAnonymous = credentials instanceof RegistryCredentials.Anonymous;
    return new RegistryException(
        Reason.UNAUTHORIZED,
        "expected "
            + registry.getAuthority()
            + (isAnonymous ? " to need no credentials, " : " to accept " + credentials + ", ")
            + found
            + (isAnonymous ? "; give it some" : "; check them"));
  }
}
