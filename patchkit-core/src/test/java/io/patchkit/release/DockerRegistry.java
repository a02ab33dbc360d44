package io.patchkit.release;

import io.patchkit.Interop;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;

/** Debian's docker-registry on loopback, with its data in {@code FOLDER/registry}. */
final class DockerRegistry implements AutoCloseable {

  /** {@code 127.0.0.1:PORT}. */
  final String host;

  private final Process process;

  private DockerRegistry(String host, Process process) {
    this.host = host;
    this.process = process;
  }

  /**
   * Starts one and waits until it listens.
   *
   * @param auth the section {@code auth} of its configuration, in YAML's flow form; {} for none
   * @param tls the section {@code http.tls}; {} for none
   */
  static DockerRegistry serve(Path folder, String auth, String tls)
      throws IOException, InterruptedException {
    Path docker = Interop.tool("bin/docker-registry");
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    String host = "127.0.0.1:" + port;
    Path config = folder.resolve("registry.yml");
    String text =
        """
        version: 0.1
        storage: {filesystem: {rootdirectory: %s}}
        http: {addr: '%s', tls: %s}
        auth: %s
        """;
    Files.writeString(config, text.formatted(folder.resolve("registry"), host, tls, auth));
    Path log = folder.resolve("registry.log");
    Process process =
        new ProcessBuilder(docker.toString(), "serve", config.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    for (int i = 0; i < 600 && process.isAlive(); i++) {
      try {
        new Socket(InetAddress.getLoopbackAddress(), port).close();
        return new DockerRegistry(host, process);
      } catch (IOException e) {
        Thread.sleep(50);
      }
    }
    process.destroy();
    throw new AssertionError(Files.readString(log));
  }

  @Override
  public void close() {
    process.destroy();
    process.onExit().join();
  }
}
