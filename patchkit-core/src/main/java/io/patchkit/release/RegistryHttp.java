package io.patchkit.release;

import io.patchkit.release.RegistryException.Reason;
import io.patchkit.release.Retries.Transient;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * One request to a registry and its reply, bounded in bytes and time, with redirects and
 * authentication. Credentials go to the registry's own scheme, host and port and nowhere else.
 */
final class RegistryHttp {

  private static final int MAX_REDIRECTS = 5;
  private static final int MAX_ERROR_BYTES = 64 << 10;

  private final OciOptions options;
  private final URI registry;
  private final HttpClient client;
  private final RegistryLogin login;

  /**
   * @param registry scheme, host and port
   */
  RegistryHttp(URI registry, OciOptions options) {
    this.registry = registry;
    this.options = options;
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(min(options.deadline(), options.idleTimeout()));
    if (options.sslContext() != null) {
      builder.sslContext(options.sslContext());
    }
    this.client = builder.build();
    this.login = new RegistryLogin(registry, options.credentials(), this);
  }

  /**
   * A reply.
   *
   * @param uri where it came from, after redirects
   */
  @SuppressWarnings("ArrayRecordComponent") // made here, handed on, never changed
  record Reply(URI uri, int status, HttpHeaders headers, byte[] body) {

    String header(String name) {
      return headers.firstValue(name).orElse("");
    }
  }

  /**
   * A download under way over several attempts: what has come of it. The size that the body has to
   * have is −1 if it is not known.
   */
  static final class Download {
    final int expected;
    final int maxBytes;
    byte[] received = new byte[0];

    Download(int expected, int maxBytes) {
      this.expected = expected;
      this.maxBytes = maxBytes;
    }

    static Download ofSize(int size) {
      return new Download(size, size);
    }

    static Download upTo(int maxBytes) {
      return new Download(-1, maxBytes);
    }
  }

  /**
   * Sends a request. A 5xx or 429 reply, a broken connection and a stall are transient; the other
   * replies are given back, whatever their status.
   *
   * @param scope what the request needs to be allowed, such as {@code repository:NAME:pull}
   */
  Reply send(HttpRequest.Builder request, URI uri, String scope, Retries retries, Download body)
      throws Transient {
    URI target = uri;
    boolean loggedIn = false;
    for (int redirects = 0; redirects <= MAX_REDIRECTS; ) {
      boolean own = isOwn(target);
      HttpRequest.Builder attempt = request.copy().uri(target);
      Optional<String> shown = own ? login.authorization(scope) : Optional.empty();
      shown.ifPresent(value -> attempt.setHeader("Authorization", value));
      Reply reply = exchange(attempt.build(), retries, body);
      if (reply.status() == 401 && own && !loggedIn) {
        loggedIn = true;
        List<String> challenges = reply.headers().allValues("WWW-Authenticate");
        login.answer(challenges, scope, shown, retries);
      } else if (isRedirect(reply.status())) {
        target = redirected(target, reply, request);
        redirects++;
      } else {
        return reply;
      }
    }
    throw new RegistryException(
        Reason.REDIRECT_REFUSED,
        "expected at most " + MAX_REDIRECTS + " redirects of " + uri + ", found more");
  }

  boolean isOwn(URI uri) {
    return registry.getScheme().equalsIgnoreCase(uri.getScheme())
        && uri.getHost() != null
        && uri.getHost().equalsIgnoreCase(registry.getHost())
        && port(registry) == port(uri)
        && uri.getRawUserInfo() == null;
  }

  private static int port(URI uri) {
    int standard = "https".equalsIgnoreCase(uri.getScheme()) ? 443 : 80;
    return uri.getPort() < 0 ? standard : uri.getPort();
  }

  private static boolean isRedirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  }

  private URI redirected(URI from, Reply reply, HttpRequest.Builder request) {
    URI to = location(from, reply.header("Location"));
    String method = request.copy().uri(from).build().method();
    if (!method.equals("GET") && !method.equals("HEAD") && !isOwn(to)) {
      throw new RegistryException(
          Reason.REDIRECT_REFUSED,
          "expected "
              + from.getHost()
              + " to take the upload itself, found a redirect to "
              + to.getHost());
    }
    return to;
  }

  /**
   * Where a reply sends its reader.
   *
   * @param location the {@code Location} header, empty if the reply has none
   * @throws RegistryException if there is none, or it leaves https
   */
  static URI location(URI from, String location) {
    try {
      URI to = from.resolve(new URI(location));
      String scheme = String.valueOf(to.getScheme());
      if (location.isEmpty()
          || to.getHost() == null
          || to.getRawUserInfo() != null
          || !(scheme.equals("https") || scheme.equals("http"))) {
        throw new RegistryException(
            Reason.MALFORMED_REPLY,
            "expected an http or https Location from "
                + from.getHost()
                + ", found "
                + OciManifest.quote(location));
      }
      if (from.getScheme().equals("https") && scheme.equals("http")) {
        throw new RegistryException(
            Reason.REDIRECT_DOWNGRADE,
            "expected " + from.getHost() + " to stay with https, found a redirect to " + to);
      }
      return to;
    } catch (URISyntaxException e) {
      throw new RegistryException(
          Reason.MALFORMED_REPLY, "the Location of " + from.getHost() + " is no URI", e);
    }
  }

  /** One request, one reply. */
  Reply exchange(HttpRequest request, Retries retries, Download download) throws Transient {
    ReplyBody body = new ReplyBody(request.uri(), download);
    CompletableFuture<HttpResponse<byte[]>> future = client.sendAsync(request, body);
    boolean waitsForBytes = request.method().equals("GET") || request.method().equals("HEAD");
    int before = 0;
    while (true) {
      long remaining;
      try {
        remaining = retries.remainingNanos();
      } catch (RegistryException e) {
        future.cancel(true);
        throw e;
      }
      long wait = waitsForBytes ? Math.min(remaining, options.idleTimeout().toNanos()) : remaining;
      try {
        HttpResponse<byte[]> response = future.get(wait, TimeUnit.NANOSECONDS);
        requireNotTransient(response);
        return new Reply(request.uri(), response.statusCode(), response.headers(), response.body());
      } catch (TimeoutException e) {
        int now = body.received();
        if (waitsForBytes && now == before && wait < remaining) {
          future.cancel(true);
          body.keep();
          throw new Transient(
              Reason.STALLED,
              "no byte from " + request.uri().getHost() + " for " + options.idleTimeout(),
              Duration.ZERO);
        }
        before = now;
      } catch (InterruptedException e) {
        future.cancel(true);
        Thread.currentThread().interrupt();
        throw new RegistryException(Reason.CONNECTION, "interrupted during " + request.uri(), e);
      } catch (ExecutionException e) {
        throw failure(request, body, e.getCause() == null ? e : e.getCause());
      }
    }
  }

  private static Transient failure(HttpRequest request, ReplyBody body, Throwable cause) {
    if (cause instanceof RegistryException refused) {
      throw refused;
    }
    body.requireWithinBound();
    body.keep();
    String host = request.uri().getAuthority();
    if (!(cause instanceof IOException)) {
      throw new RegistryException(Reason.CONNECTION, "talking to " + host + ": " + cause, cause);
    }
    return body.received() > 0
        ? new Transient(
            Reason.TRUNCATED,
            host + " ended the body after " + body.received() + " bytes: " + cause.getMessage(),
            Duration.ZERO)
        : new Transient(Reason.CONNECTION, host + ": " + cause, Duration.ZERO);
  }

  private static void requireNotTransient(HttpResponse<byte[]> response) throws Transient {
    int status = response.statusCode();
    String text = response.uri().getAuthority() + " answered " + status;
    if (status == 429) {
      throw new Transient(Reason.TOO_MANY_REQUESTS, text, retryAfter(response.headers()));
    }
    if (status >= 500 || status == 408) {
      throw new Transient(Reason.SERVER_ERROR, text, retryAfter(response.headers()));
    }
  }

  /** Seconds; a date is not understood, and means no wish. */
  private static Duration retryAfter(HttpHeaders headers) {
    Optional<String> value = headers.firstValue("Retry-After");
    return value.isPresent() && value.get().matches("[0-9]{1,6}")
        ? Duration.ofSeconds(Long.parseLong(value.get()))
        : Duration.ZERO;
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }

  /** Decides by status and headers how much of a body is read. */
  private static final class ReplyBody implements HttpResponse.BodyHandler<byte[]> {

    private final URI uri;
    private final Download download;
    private volatile BoundedBody body = new BoundedBody(0);
    private volatile boolean wanted;
    private volatile int offset;

    ReplyBody(URI uri, Download download) {
      this.uri = uri;
      this.download = download;
    }

    @Override
    public HttpResponse.BodySubscriber<byte[]> apply(HttpResponse.ResponseInfo info) {
      int status = info.statusCode();
      wanted = status == 200 || status == 206;
      if (!wanted) {
        body = BoundedBody.startOf(MAX_ERROR_BYTES);
        return body;
      }
      offset = status == 206 ? requireRange(info.headers()) : 0;
      long length = info.headers().firstValueAsLong("Content-Length").orElse(-1);
      int rest = download.maxBytes - offset;
      if (length >= 0 && download.expected >= 0 && length != rest) {
        throw new RegistryException(
            Reason.SIZE_MISMATCH,
            "expected " + rest + " bytes of " + uri + ", found a Content-Length of " + length);
      }
      if (length > rest) {
        throw new RegistryException(
            Reason.TOO_LARGE,
            "expected at most " + rest + " bytes of " + uri + ", found " + length);
      }
      body = new BoundedBody(rest);
      return body;
    }

    /** The offset of the part that comes; it has to be the one that was asked for. */
    private int requireRange(HttpHeaders headers) {
      String found = headers.firstValue("Content-Range").orElse("");
      int from = download.received.length;
      String expected = "bytes " + from + "-" + (download.expected - 1) + "/" + download.expected;
      if (!found.equals(expected)) {
        throw new RegistryException(
            Reason.WRONG_RANGE,
            "expected Content-Range "
                + expected
                + " of "
                + uri
                + ", found "
                + OciManifest.quote(found));
      }
      return from;
    }

    int received() {
      return body.size();
    }

    void requireWithinBound() {
      if (body.isTooLarge()) {
        boolean known = download.expected >= 0;
        throw new RegistryException(
            known ? Reason.SIZE_MISMATCH : Reason.TOO_LARGE,
            "expected "
                + (known ? "" : "at most ")
                + download.maxBytes
                + " bytes of "
                + uri
                + ", found more");
      }
    }

    /** Remembers what has come of a body that broke off, so that the rest can be asked for. */
    void keep() {
      if (wanted && download.expected >= 0) {
        download.received = join(download.received, offset, body.received());
      }
    }
  }

  static byte[] join(byte[] start, int length, byte[] rest) {
    byte[] whole = Arrays.copyOf(start, length + rest.length);
    System.arraycopy(rest, 0, whole, length, rest.length);
    return whole;
  }
}
