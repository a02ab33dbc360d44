package io.patchkit.release;

import io.patchkit.PatchkitException;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;

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

  /**
   * What {@code docker login} keeps for a registry, in {@code config.json} of {@code DOCKER_CONFIG}
   * or {@code ~/.docker}; nothing if it keeps none.
   *
   * @param location as {@link OciRegistry#open} takes it
   * @param tokenHosts as {@link Basic} has them
   * @throws PatchkitException if the file cannot be read, or leaves the credentials to a helper or
   *     has an identity token, neither of which is used
   */
  static RegistryCredentials fromDockerConfig(String location, String... tokenHosts) {
    return DockerConfig.credentials(DockerConfig.file(System.getenv()), location, tokenHosts);
  }

  /**
   * What a supplier gives at the time, for tokens that expire: it is asked when the registry wants
   * to see something, and again when it refuses what it was shown. Called from any thread.
   */
  static RegistryCredentials supplied(Supplier<? extends RegistryCredentials> supplier) {
    return new Supplied(supplier);
  }

  /**
   * What a supplier gives.
   *
   * @param supplier never gives null
   */
  record Supplied(Supplier<? extends RegistryCredentials> supplier) implements RegistryCredentials {
    public Supplied {
      Objects.requireNonNull(supplier, "supplier");
    }

    @Override
    public String toString() {
      return "supplied credentials";
    }
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
      // Not what was found: with a colon it may be both, and a message goes into logs.
      if (user.isEmpty() || user.indexOf(':') >= 0) {
        throw new IllegalArgumentException(
            "user is empty or has a colon; allowed: some characters without a colon");
      }
      requireNoControl("user", user);
      requireNoControl("secret", secret);
      tokenHosts = Set.copyOf(tokenHosts);
    }

    private static void requireNoControl(String field, String text) {
      if (text.chars().anyMatch(Character::isISOControl)) {
        throw new IllegalArgumentException(
            field
                + " has a control character; allowed: none (RFC 7617), not the line feed either"
                + " that ends a file");
      }
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

  /**
   * A token.
   *
   * @param token 1 to 32,768 visible ASCII characters
   */
  record Bearer(String token) implements RegistryCredentials {
    public Bearer {
      if (!RegistryLogin.TOKEN.matcher(token).matches()) {
        throw new IllegalArgumentException(
            "token has "
                + token.length()
                + " characters; allowed: 1 to 32768, all visible ASCII, so not the line feed either"
                + " that ends a file");
      }
    }

    @Override
    public String toString() {
      return "Bearer[token=***]";
    }
  }
}
