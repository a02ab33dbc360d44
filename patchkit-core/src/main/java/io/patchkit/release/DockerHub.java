package io.patchkit.release;

import java.net.URI;

/** Docker Hub, whose name in references is that of neither its registry nor its token server. */
final class DockerHub {

  /** Under which {@code docker login} keeps its credentials. */
  static final String LOGIN = "https://index.docker.io/v1/";

  private static final String REGISTRY = "registry-1.docker.io";
  private static final String TOKENS = "auth.docker.io";

  private DockerHub() {}

  /** Whether a host is what references call Docker Hub, or its registry. */
  static boolean is(String host) {
    return host.equalsIgnoreCase("docker.io")
        || host.equalsIgnoreCase("index.docker.io")
        || host.equalsIgnoreCase(REGISTRY);
  }

  /** The host that speaks for a host: the same one, unless that is Docker Hub. */
  static String registryOf(String host) {
    return is(host) ? REGISTRY : host;
  }

  /** Whether these are Docker Hub's registry and its token server. */
  static boolean isTokenServerOf(URI registry, URI realm) {
    return REGISTRY.equalsIgnoreCase(registry.getHost())
        && TOKENS.equalsIgnoreCase(realm.getHost());
  }
}
