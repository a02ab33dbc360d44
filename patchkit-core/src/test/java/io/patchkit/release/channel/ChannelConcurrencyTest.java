package io.patchkit.release.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.release.Digest;
import io.patchkit.release.Revocations.State;
import io.patchkit.release.channel.ChannelView.Freshness;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a client says, and what waits, while a refresh of the same state waits for the network. */
class ChannelConcurrencyTest {

  private static final Digest BAD = new Digest(ChannelLab.BAD.identity());

  @TempDir Path folder;
  private final CountDownLatch isAsked = new CountDownLatch(1);
  private final CountDownLatch answers = new CountDownLatch(1);
  private ChannelLab lab;
  private ChannelClient client;
  private FutureTask<ChannelView> slow;

  /** A refresh that has the new timestamp and snapshot, and waits for the list that revokes. */
  @BeforeEach
  void refreshFromASlowMirror() throws Exception {
    lab = new ChannelLab(folder);
    client = lab.client();
    client.refresh();
    lab.publisher.revoke(ChannelLab.BAD.identity(), "leaks");
    MetadataFetcher quick = lab.fetcher;
    lab.fetcher =
        (name, maxBytes) -> {
          if (name.equals("4.targets.json")) {
            isAsked.countDown();
            await(answers);
          }
          return quick.fetch(name, maxBytes);
        };
    slow = elsewhere(lab.client()::refresh);
    assertThat(isAsked.await(30, TimeUnit.SECONDS)).isTrue();
  }

  @AfterEach
  void letItAnswer() {
    answers.countDown();
  }

  private static void await(CountDownLatch latch) throws IOException {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  private static <T> FutureTask<T> elsewhere(Callable<T> action) {
    FutureTask<T> task = new FutureTask<>(action);
    Thread thread = new Thread(task);
    thread.setDaemon(true);
    thread.start();
    return task;
  }

  @Test
  void whatWasKnownIsSaidMeanwhile() throws Exception {
    assertThat(elsewhere(() -> client.of(BAD).state()).get(10, TimeUnit.SECONDS))
        .isEqualTo(State.ACTIVE);
    assertThat(client.isStale()).isFalse();
    client.current().requireInstallable(ChannelLab.BAD.identity());

    answers.countDown();
    assertThat(slow.get(30, TimeUnit.SECONDS).freshness()).isEqualTo(Freshness.FRESH);
    assertThat(client.of(BAD).state()).isEqualTo(State.REVOKED);
    assertThat(client.isStale()).isFalse();
  }

  @Test
  void anotherRefreshWaits() throws Exception {
    FutureTask<ChannelView> second = elsewhere(client::refresh);
    assertThatThrownBy(() -> second.get(500, TimeUnit.MILLISECONDS))
        .isInstanceOf(TimeoutException.class);
    answers.countDown();
    assertThat(second.get(30, TimeUnit.SECONDS).of(BAD).state()).isEqualTo(State.REVOKED);
    assertThat(slow.get(30, TimeUnit.SECONDS).of(BAD).state()).isEqualTo(State.REVOKED);
  }
}
