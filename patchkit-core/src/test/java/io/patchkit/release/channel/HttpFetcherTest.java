package io.patchkit.release.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.patchkit.release.channel.ChannelException.Code;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A real server on the loopback address, honest or not. */
class HttpFetcherTest {

  @TempDir Path folder;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private HttpServer server;
  private MetadataFetcher fetcher;

  @BeforeEach
  void serve() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.start();
    URI base = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/channel");
    fetcher = MetadataFetcher.http(base, Duration.ofSeconds(5));
  }

  @AfterEach
  void stop() {
    server.stop(0);
    threads.shutdownNow();
  }

  /** Object storage whose files may be read but not listed says 403 of those it does not have. */
  @ParameterizedTest
  @ValueSource(ints = {403, 404})
  void followsAChannel(int absent) throws IOException {
    ChannelLab lab = new ChannelLab(folder);
    server.createContext(
        "/channel/",
        exchange -> {
          Path file =
              lab.published.resolve(Path.of(exchange.getRequestURI().getPath()).getFileName());
          if (Files.exists(file)) {
            answer(exchange, 200, Files.readAllBytes(file));
          } else {
            answer(exchange, absent, new byte[0]);
          }
        });
    lab.fetcher = fetcher;
    assertThat(lab.client().refresh().entries()).hasSize(2);
    Files.delete(lab.published.resolve("timestamp.json"));
    assertThatThrownBy(() -> lab.client().refresh())
        .isInstanceOf(ChannelException.class)
        .hasMessageContaining("no timestamp.json")
        .extracting("code")
        .isEqualTo(Code.MISSING);
  }

  /** What is replaced is asked of who publishes it; what stays may come from a cache. */
  @Test
  void asksForNoOldTimestamp() throws IOException {
    Map<String, String> asked = new ConcurrentHashMap<>();
    server.createContext(
        "/channel/",
        exchange -> {
          asked.put(
              exchange.getRequestURI().getPath().substring("/channel/".length()),
              String.valueOf(exchange.getRequestHeaders().getFirst("Cache-Control")));
          answer(exchange, 404, new byte[0]);
        });
    for (String name : List.of("timestamp.json", "2.root.json", "3.snapshot.json")) {
      assertThat(fetcher.fetch(name, 9)).isNull();
    }
    assertThat(asked)
        .containsEntry("timestamp.json", "no-cache")
        .containsEntry("2.root.json", "no-cache")
        .containsEntry("3.snapshot.json", "null");
  }

  @Test
  void readsNoMoreThanItMay() throws IOException {
    server.createContext("/channel/even", exchange -> answer(exchange, 200, new byte[1000]));
    assertThat(fetcher.fetch("even", 1000)).hasSize(1000);
    assertThatThrownBy(() -> fetcher.fetch("even", 999))
        .isInstanceOf(ChannelException.class)
        .extracting("code")
        .isEqualTo(Code.TOO_LARGE);
  }

  @Test
  void hangsUpOnWhatNeverEnds() {
    server.createContext(
        "/channel/endless",
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          try (OutputStream body = exchange.getResponseBody()) {
            while (true) {
              body.write(new byte[8192]);
            }
          }
        });
    assertThatThrownBy(() -> fetcher.fetch("endless", 1 << 20))
        .isInstanceOf(ChannelException.class)
        .extracting("code")
        .isEqualTo(Code.TOO_LARGE);
  }

  /** What a server says of an error may be longer than the file would be. */
  @ParameterizedTest
  @ValueSource(ints = {403, 404, 503})
  void readsNoErrorPage(int status) throws IOException {
    server.createContext("/channel/page", exchange -> answer(exchange, status, new byte[20_000]));
    if (status == 503) {
      assertThatThrownBy(() -> fetcher.fetch("page", 16 << 10))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("found 503");
    } else {
      assertThat(fetcher.fetch("page", 16 << 10)).isNull();
    }
  }

  @Test
  void waitsNoLongerThanItsDeadline() {
    server.createContext(
        "/channel/slow",
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          try (OutputStream body = exchange.getResponseBody()) {
            for (int i = 0; i < 100; i++) {
              body.write('x');
              body.flush();
              Thread.sleep(50);
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    URI base = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/channel/");
    MetadataFetcher hasty = MetadataFetcher.http(base, Duration.ofMillis(300));
    assertThatThrownBy(() -> hasty.fetch("slow", 1000))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no whole answer within PT0.3S");
  }

  @Test
  void followsNoRedirectsAndTakesNoOtherStatus() {
    server.createContext(
        "/channel/moved",
        exchange -> {
          exchange.getResponseHeaders().add("Location", "/channel/elsewhere");
          answer(exchange, 302, new byte[0]);
        });
    server.createContext("/channel/elsewhere", exchange -> answer(exchange, 200, new byte[1]));
    server.createContext("/channel/broken", exchange -> answer(exchange, 500, new byte[0]));
    assertThatThrownBy(() -> fetcher.fetch("moved", 10)).hasMessageContaining("found 302");
    assertThatThrownBy(() -> fetcher.fetch("broken", 10)).hasMessageContaining("found 500");
  }

  /** A length that lies: more is announced than comes. */
  @Test
  void refusesACutAnswer() {
    server.createContext(
        "/channel/cut",
        exchange -> {
          exchange.sendResponseHeaders(200, 1000);
          exchange.getResponseBody().write(new byte[10]);
          exchange.getResponseBody().flush();
          exchange.close();
        });
    assertThatThrownBy(() -> fetcher.fetch("cut", 2000)).isInstanceOf(IOException.class);
  }

  private static void answer(HttpExchange exchange, int status, byte[] content) throws IOException {
    exchange.sendResponseHeaders(status, content.length == 0 ? -1 : content.length);
    if (content.length > 0) {
      exchange.getResponseBody().write(content);
    }
    exchange.close();
  }
}
