package io.patchkit.release;

import io.patchkit.SemanticVersion;
import io.patchkit.trust.VerifiedPatch;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A registry on loopback, byte by byte under a test's control: it serves one release properly but
 * for the paths whose handlers a test has replaced. One connection, one request.
 */
final class HostileRegistry implements AutoCloseable {

  /** Writes a reply, head and body, however it likes. */
  interface Handler {
    void reply(Request request, Socket socket, OutputStream out) throws Exception;
  }

  /** Three attempts that follow each other quickly. */
  static final OciOptions OPTIONS =
      OciOptions.defaults()
          .withPlainHttp(true)
          .withAttempts(3)
          .withFirstPause(Duration.ofMillis(2))
          .withIdleTimeout(Duration.ofSeconds(10))
          .withDeadline(Duration.ofSeconds(20));

  record Request(String method, String path, Map<String, String> headers) {}

  final List<Request> requests = Collections.synchronizedList(new ArrayList<>());
  final Release release;
  final byte[] manifest;
  final OciDescriptor weights;

  private final ServerSocket server;
  private final Map<String, Handler> handlers = new ConcurrentHashMap<>();

  HostileRegistry(VerifiedPatch patch) throws IOException {
    server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Map<Digest, byte[]> content = new HashMap<>();
    OciManifest oci = OciManifest.of(patch.files(), patch.bundles(), content);
    manifest = oci.toBytes();
    SemanticVersion version = patch.patch().manifest().version();
    String name = patch.patch().manifest().name();
    release = new Release(name, version, Digest.of(manifest));
    weights =
        oci.layers().stream().filter(l -> l.title().endsWith(".safetensors")).findFirst().get();
    serveManifest(manifest);
    content.forEach((digest, bytes) -> on(blob(digest), ok("application/octet-stream", bytes)));
    Thread thread = new Thread(this::accept, "hostile-registry");
    thread.setDaemon(true);
    thread.start();
  }

  void serveManifest(byte[] bytes) {
    on(manifestPath(), ok(OciManifest.MEDIA_TYPE, bytes));
  }

  String manifestPath() {
    return "/v2/" + release.name() + "/manifests/" + release.version();
  }

  String blob(Digest digest) {
    return "/v2/" + release.name() + "/blobs/" + digest.oci();
  }

  String host() {
    return "127.0.0.1:" + server.getLocalPort();
  }

  void on(String path, Handler handler) {
    handlers.put(path, handler);
  }

  static Handler ok(String type, byte[] bytes) {
    return (request, socket, out) -> {
      head(out, "200 OK", "Content-Type: " + type, "Content-Length: " + bytes.length);
      out.write(bytes);
    };
  }

  static Handler status(String status, String... headers) {
    return (request, socket, out) -> {
      List<String> all = new ArrayList<>(List.of(headers));
      all.add("Content-Length: 0");
      head(out, status, all.toArray(String[]::new));
    };
  }

  static void head(OutputStream out, String status, String... headers) throws IOException {
    StringBuilder text = new StringBuilder("HTTP/1.1 " + status + "\r\nConnection: close\r\n");
    for (String header : headers) {
      text.append(header).append("\r\n");
    }
    out.write(text.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII));
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        Thread thread = new Thread(() -> serve(socket), "hostile-connection");
        thread.setDaemon(true);
        thread.start();
      } catch (IOException e) {
        return;
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      BufferedReader in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
      String line = in.readLine();
      if (line == null) {
        return;
      }
      String[] first = line.split(" ");
      Map<String, String> headers = new HashMap<>();
      for (line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
        String[] header = line.split(": *", 2);
        headers.put(header[0].toLowerCase(Locale.ROOT), header[1]);
      }
      Request request = new Request(first[0], first[1], headers);
      requests.add(request);
      handlers
          .getOrDefault(first[1].split("\\?")[0], status("404 Not Found"))
          .reply(request, socket, socket.getOutputStream());
      socket.getOutputStream().flush();
    } catch (Exception e) {
      // The client hung up, as it should on hostile replies.
    }
  }

  int count(String path) {
    return (int) requests.stream().filter(request -> request.path().equals(path)).count();
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
