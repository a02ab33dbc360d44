package io.patchkit.release;

import java.util.Objects;
import java.util.Set;

/** What a registry is shown. Its text form shows no secret. */
public sealed interface RegistryCredentials {

  /** Nothing. A registry may still hand out a token for reading. */
  static RegistryCredentials anonymous() {
    return new Anonymous();
  }

  /** A user and a secret; they go to the registry and to token servers on the registry's host. */
  static Basic basic(String user, String secret) {
    return new Basic(user, secret, Set.of());
  }

  /** A ready-made bearer token, which goes to the registry. */
  static Bearer bearer(String token) {
    return new Bearer(token);
  }

  /** Nothing. */
  record Anonymous() implements RegistryCredentials {
    @Override
    public String toString() {
      return "no credentials";
    }
  }

  /**
   * A user and a secret.
   *
   * @param tokenHosts other hosts whose token servers may see them, such as {@code auth.docker.io};
   *     a registry names its token server itself, and could name anybody's
   */
  record Basic(String user, String secret, Set<String> tokenHosts) implements RegistryCredentials {
    public Basic {
      if (user.isEmpty() || user.indexOf(':') >= 0) {
        throw new IllegalArgumentException(
            "user is '" + user + "'; allowed: some characters without a colon");
      }
      Objects.requireNonNull(secret, "secret");
      tokenHosts = Set.copyOf(tokenHosts);
    }

    /** The same, also for the token servers on these hosts. */
    public Basic withTokenHosts(String... hosts) {
      return new Basic(user, secret, Set.of(hosts));
    }

    @Override
    public String toString() {
      return "Basic[user=" + user + ", secret=***]";
    }
  }

  /** A token. */
  record Bearer(String token) implements RegistryCredentials {
    public Bearer {
      Objects.requireNonNull(token, "token");
    }

    @Override
    public String toString() {
      return "Bearer[token=***]";
    }
  }
}
