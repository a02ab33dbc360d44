package io.patchkit.release;

import io.patchkit.PatchkitException;
import io.patchkit.format.FormatException;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.StrictJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The {@code config.json} in which {@code docker login} and its like keep credentials. */
final class DockerConfig {

  private DockerConfig() {}

  /** Where it lies. */
  static Path file(Map<String, String> environment) {
    String folder = environment.getOrDefault("DOCKER_CONFIG", "");
    Path parent =
        folder.isEmpty() ? Path.of(System.getProperty("user.home"), ".docker") : Path.of(folder);
    return parent.resolve("config.json");
  }

  /** What it keeps for a registry. */
  static RegistryCredentials credentials(Path file, String location, String... tokenHosts) {
    if (!Files.exists(file)) {
      return RegistryCredentials.anonymous();
    }
    String host = location.split("/", 2)[0];
    List<String> names = names(host);
    try {
      JsonObject config = StrictJson.loadObject(file, JsonLimits.large());
      JsonObject login = first(config.optionalObject("auths"), names);
      if (login != null && login.has("identitytoken")) {
        throw notRead(host, file, "an identity token");
      }
      String pair = login == null ? null : login.optionalString("auth");
      if (pair != null && !pair.isEmpty()) {
        return basic(file, host, pair).withTokenHosts(tokenHosts);
      }
      String helper = helper(config, names, login != null);
      if (helper != null) {
        throw notRead(host, file, "that docker-credential-" + helper + " keeps them");
      }
      return RegistryCredentials.anonymous();
    } catch (IOException | FormatException e) {
      throw new PatchkitException("cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  /** What the entry of a registry may be called. */
  private static List<String> names(String host) {
    List<String> names = new ArrayList<>();
    if (DockerHub.is(host)) {
      names.add(DockerHub.LOGIN);
    }
    names.add(host);
    names.add("https://" + host);
    names.add("https://" + host + "/");
    names.add("https://" + host + "/v1/");
    names.add("https://" + host + "/v2/");
    return names;
  }

  private static @Nullable JsonObject first(@Nullable JsonObject auths, List<String> names) {
    for (String name : names) {
      JsonObject login = auths == null ? null : auths.optionalObject(name);
      if (login != null) {
        return login;
      }
    }
    return null;
  }

  private static PatchkitException notRead(String host, Path file, String found) {
    return new PatchkitException(
        "expected user and secret of "
            + host
            + " in "
            + file
            + ", found "
            + found
            + ", which is not used; give them otherwise (RegistryCredentials.basic)");
  }

  /**
   * @param isLoggedIn whether there is an entry of the registry, which is empty where the helper
   *     for all registries keeps what was entered
   */
  private static @Nullable String helper(
      JsonObject config, List<String> names, boolean isLoggedIn) {
    JsonObject helpers = config.optionalObject("credHelpers");
    for (String name : names) {
      String helper = helpers == null ? null : helpers.optionalString(name);
      if (helper != null) {
        return helper;
      }
    }
    String store = config.optionalString("credsStore");
    return store == null || store.isEmpty() || !isLoggedIn ? null : store;
  }

  /** The message shows nothing of the pair. */
  private static RegistryCredentials.Basic basic(Path file, String host, String pair) {
    String text;
    try {
      text = new String(Base64.getDecoder().decode(pair), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      text = "";
    }
    int colon = text.indexOf(':');
    if (colon < 1) {
      throw new PatchkitException(
          "expected base64 of user:secret as the auth of "
              + host
              + " in "
              + file
              + ", found something else; log in again");
    }
    return RegistryCredentials.basic(text.substring(0, colon), text.substring(colon + 1));
  }
}
