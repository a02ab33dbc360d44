package io.patchkit.release.channel;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscribers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/** Metadata over HTTP: bounded in bytes and in time, no redirects. */
final class HttpFetcher implements MetadataFetcher {

  private final URI base;
  private final Duration deadline;
  private final HttpClient client;

  /**
   * @param sslContext null for the platform's
   */
  HttpFetcher(URI base, Duration deadline, @Nullable SSLContext sslContext) {
    String scheme = String.valueOf(base.getScheme());
    if (!scheme.equals("https") && !scheme.equals("http")) {
      throw new IllegalArgumentException("base is " + base + "; allowed: https and http addresses");
    }
    if (deadline.isNegative() || deadline.isZero()) {
      throw new IllegalArgumentException("deadline is " + deadline + "; allowed: above zero");
    }
    this.base = base.toString().endsWith("/") ? base : URI.create(base + "/");
    this.deadline = deadline;
    HttpClient.Builder builder =
        HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NEVER).connectTimeout(deadline);
    if (sslContext != null) {
      builder.sslContext(sslContext);
    }
    this.client = builder.build();
  }

  @Override
  public byte @Nullable [] fetch(String name, int maxBytes) throws IOException {
    URI file = base.resolve(name);
    HttpRequest.Builder request = HttpRequest.newBuilder(file).GET();
    if (saysWhatIsNewest(name)) {
      request.setHeader("Cache-Control", "no-cache");
    }
    CompletableFuture<HttpResponse<byte[]>> exchange =
        client.sendAsync(
            request.build(),
            head ->
                head.statusCode() == 200
                    ? new BoundedBody(file.toString(), maxBytes)
                    : BodySubscribers.replacing(new byte[0]));
    HttpResponse<byte[]> response = await(exchange, file);
    return switch (response.statusCode()) {
      case 200 -> response.body();
      // Object storage answers 403 for what is not there to those who may not list.
      case 403, 404 -> null;
      default ->
          throw new IOException(
              file + ": expected status 200, 403 or 404, found " + response.statusCode());
    };
  }

  /** Of these an old copy, or an old answer that there is none, is out of date; others stay. */
  private static boolean saysWhatIsNewest(String name) {
    return name.equals(ChannelRole.TIMESTAMP.fileName()) || name.endsWith(".root.json");
  }

  private HttpResponse<byte[]> await(CompletableFuture<HttpResponse<byte[]>> exchange, URI file)
      throws IOException {
    try {
      return exchange.get(deadline.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new IOException(file + ": no whole answer within " + deadline, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(file + ": interrupted", e);
    } catch (ExecutionException e) {
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        if (cause instanceof ChannelException tooLarge) {
          throw new ChannelException(
              tooLarge.code(), String.valueOf(tooLarge.getMessage()), tooLarge);
        }
      }
      throw new IOException(file + ": " + e.getCause(), e);
    } finally {
      exchange.cancel(true);
    }
  }
}
