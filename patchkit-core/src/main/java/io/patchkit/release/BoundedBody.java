package io.patchkit.release;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * The body of a reply, of at most so many bytes; it stops reading at the first byte beyond, which
 * is an error or, where only the start is of use, the end. What has come so far can be looked at
 * while it comes, and after it broke off.
 */
final class BoundedBody implements BodySubscriber<byte[]> {

  private static final int FIRST_BYTES = 64 << 10;

  private final int maxBytes;
  private final boolean isStart;
  private final ByteArrayOutputStream received;
  private final CompletableFuture<byte[]> body = new CompletableFuture<>();
  private boolean tooLarge;
  private Flow.@Nullable Subscription subscription;

  BoundedBody(int maxBytes) {
    this(maxBytes, false);
  }

  private BoundedBody(int maxBytes, boolean isStart) {
    this.maxBytes = maxBytes;
    this.isStart = isStart;
    this.received = new ByteArrayOutputStream(Math.min(maxBytes, FIRST_BYTES));
  }

  /** The first bytes of a body that may go on. */
  static BoundedBody startOf(int maxBytes) {
    return new BoundedBody(maxBytes, true);
  }

  synchronized boolean isTooLarge() {
    return tooLarge;
  }

  synchronized int size() {
    return received.size();
  }

  synchronized byte[] received() {
    return received.toByteArray();
  }

  @Override
  public CompletionStage<byte[]> getBody() {
    return body;
  }

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    this.subscription = subscription;
    subscription.request(Long.MAX_VALUE);
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    if (!keep(buffers)) {
      Objects.requireNonNull(subscription).cancel();
      if (isStart) {
        body.complete(received());
      } else {
        body.completeExceptionally(new IOException("more than " + maxBytes + " bytes"));
      }
    }
  }

  private synchronized boolean keep(List<ByteBuffer> buffers) {
    for (ByteBuffer buffer : buffers) {
      int room = maxBytes - received.size();
      boolean fits = buffer.remaining() <= room;
      if (!fits && !isStart) {
        tooLarge = true;
        return false;
      }
      byte[] bytes = new byte[Math.min(room, buffer.remaining())];
      buffer.get(bytes);
      received.writeBytes(bytes);
      if (!fits) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void onError(Throwable problem) {
    body.completeExceptionally(problem);
  }

  @Override
  public void onComplete() {
    body.complete(received());
  }
}
