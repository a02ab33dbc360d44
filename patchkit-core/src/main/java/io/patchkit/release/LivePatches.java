package io.patchkit.release;

import io.patchkit.LanguageModel;
import io.patchkit.Patch;
import io.patchkit.PatchStack;
import io.patchkit.PatchkitException;
import io.patchkit.release.StoreException.Reason;
import io.patchkit.trust.TrustPolicy;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An open model through whatever patches a store has active, now and later. An application holds
 * one of these and asks it for a view at the start of each request:
 *
 * <pre>{@code
 * try (LivePatches live = LivePatches.follow(model, store, LiveOptions.defaults())) {
 *   Generation answer = live.model(userId).chat(messages);
 * }
 * }</pre>
 *
 * <p>A view never changes, so a request keeps the patches that it began with, while the next one
 * gets those that were activated meanwhile. The new stack is read, verified, encoded and probed
 * before any request gets it; until then, and if that fails, requests get the old one.
 *
 * <p>A {@link io.patchkit.GenerationQueue} belongs to the model and knows nothing of the store:
 * open it on the same model, and give each request the patches of its view. A request that names
 * none is served without a patch.
 *
 * <pre>{@code
 * queue.submit(request.withPatches(live.model(userId).patches()));
 * }</pre>
 *
 * <p>Patches that were read and verified stay in memory, by the digest of their content and within
 * {@link LiveOptions#patchMemoryBytes}, so that going back to one reads nothing; {@link #prepare}
 * brings one there before it is activated. Each switch asks anew whether a patch is revoked, and
 * whether the keys that signed it still count.
 *
 * <p>Thread-safe. Closing ends the following, not the model.
 */
public final class LivePatches implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger(LivePatches.class.getName());

  /** Generations that one look has the store leave: one that keeps failing needs a person. */
  private static final int MAX_ROLLBACKS = 3;

  /** Most looks that are passed over between two attempts to use a generation. */
  private static final int MAX_PAUSE = 63;

  /**
   * What requests get.
   *
   * @param generation the current generation
   * @param view the model through it
   * @param baseline the model through the generation that serves the rest while it is a canary
   * @param patches of both
   */
  private record Views(
      StackGeneration generation,
      LanguageModel view,
      LanguageModel baseline,
      Set<Digest> patches) {}

  /**
   * A generation that is not used here.
   *
   * @param pause looks to pass over before it is tried again
   * @param passed looks that were passed over
   */
  private record Refusal(long generation, int pause, int passed) {}

  private final LanguageModel base;
  private final PatchStore store;
  private final LiveOptions options;
  private final @Nullable ScheduledExecutorService poller;
  private final PatchMemory memory;
  private volatile @Nullable Views views;
  private @Nullable Refusal refusal;

  /** A generation whose probe has passed and that the store has not marked good, -1 for none. */
  private long unmarked = -1;

  private LivePatches(LanguageModel base, PatchStore store, LiveOptions options) {
    this.base = base;
    this.store = store;
    this.options = options;
    this.memory = new PatchMemory(options.patchMemoryBytes());
    this.poller =
        options.pollInterval().isZero()
            ? null
            : Executors.newSingleThreadScheduledExecutor(
                task -> {
                  Thread thread = new Thread(task, "patchkit-live");
                  thread.setDaemon(true);
                  return thread;
                });
  }

  /**
   * Begins to follow a store.
   *
   * @param model the model, which stays open for as long as requests run
   * @throws PatchkitException if neither the current generation nor one that was rolled back to can
   *     be used; a model without its patches would be no safe answer
   */
  public static LivePatches follow(LanguageModel model, PatchStore store, LiveOptions options) {
    LivePatches live = new LivePatches(model, store, options);
    try {
      live.refresh();
    } catch (RuntimeException | Error e) {
      live.close();
      throw e;
    }
    if (live.poller != null) {
      long nanos = options.pollInterval().toNanos();
      // A look never fails, so that there is nothing to ask its future.
      Future<?> unused =
          live.poller.scheduleWithFixedDelay(live::look, nanos, nanos, TimeUnit.NANOSECONDS);
    }
    return live;
  }

  /** The model for a new request. While there is a canary, through its baseline. */
  public LanguageModel model() {
    return now().baseline();
  }

  /**
   * The model for a new request.
   *
   * @param requestKey what stays the same of requests that belong together, such as a user's id;
   *     while there is a canary, it decides whether it serves the request
   */
  public LanguageModel model(String requestKey) {
    Views now = now();
    return CanaryShare.serves(now.generation(), requestKey) ? now.view() : now.baseline();
  }

  /** The generation that new requests get, or of which they get a share. */
  public StackGeneration generation() {
    return now().generation();
  }

  private Views now() {
    return Objects.requireNonNull(views, "views");
  }

  /** A look that must not end the following: whatever leaves it would end the schedule. */
  private void look() {
    try {
      refresh();
    } catch (Throwable e) {
      LOG.log(System.Logger.Level.ERROR, "cannot follow " + store + "; trying again", e);
    }
  }

  /**
   * Looks at the store now, and switches if another generation is current. Returns once new
   * requests get it. If it cannot be used, it is rolled back if it is on trial and there is a
   * probe; else new requests keep the old one, and it is tried again with the next look, then after
   * 2, 4, … and at most 64 looks. A generation with a revoked patch is not used: the store takes
   * that patch out. If the old one has a revoked patch and the current one cannot be used, new
   * requests get the newest good one before it that can, the bare model at last.
   *
   * @throws PatchkitException if there is no old one, or the store cannot be read
   */
  public synchronized void refresh() {
    for (int rollbacks = 0; ; rollbacks++) {
      StackGeneration current = store.current();
      Views old = views;
      if (old != null && old.generation().number() == current.number()) {
        if (unmarked == current.number()) {
          markGood(unmarked);
        }
        return;
      }
      if (old != null && isPaused(current) && !holdsRevoked(old)) {
        return;
      }
      Views opened;
      try {
        opened = open(current, old);
      } catch (RuntimeException e) {
        memory.trim();
        LOG.log(
            System.Logger.Level.ERROR,
            "generation " + current.number() + " is not used: " + e.getMessage());
        if (refuse(current) || (old != null && holdsRevoked(old))) {
          tell(listener -> listener.refused(current, e));
        }
        if (rollbacks < MAX_ROLLBACKS && replace(current, e).number() != current.number()) {
          continue;
        }
        if (old == null) {
          throw e;
        }
        if (holdsRevoked(old)) {
          leave(old, current);
        }
        return;
      }
      refusal = null;
      use(opened);
      return;
    }
  }

  private void use(Views opened) {
    views = opened;
    memory.use(opened.patches());
    tell(listener -> listener.switched(opened.generation()));
  }

  private boolean holdsRevoked(Views old) {
    try {
      return old.patches().stream().anyMatch(store::isRevoked);
    } catch (StoreException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "cannot tell whether generation " + old.generation().number() + " has a revoked patch",
          e);
      return false;
    }
  }

  /**
   * Gives new requests something else than a revoked patch while the current generation cannot be
   * used: the newest good one before it that can, at last the bare model. The store stays as it is.
   */
  private void leave(Views old, StackGeneration current) {
    StackGeneration next = current;
    do {
      next = fallbackBefore(next, current);
      try {
        Views opened = open(next, old);
        LOG.log(
            System.Logger.Level.ERROR,
            "generation {0} has a revoked patch and generation {1} cannot be used: new requests"
                + " get generation {2}, {3}",
            old.generation().number(),
            current.number(),
            next.number(),
            next.stack());
        use(opened);
        return;
      } catch (RuntimeException e) {
        memory.trim();
        LOG.log(
            System.Logger.Level.ERROR,
            "generation " + next.number() + " is not used either: " + e.getMessage());
      }
    } while (next.number() > 0);
  }

  private StackGeneration fallbackBefore(StackGeneration next, StackGeneration current) {
    try {
      return store.fallbackBefore(next.number(), current);
    } catch (StoreException e) {
      LOG.log(System.Logger.Level.WARNING, "no good generation can be found", e);
      return StackGeneration.zero();
    }
  }

  /** Whether the generation was refused and this look is too early to try it again. */
  private boolean isPaused(StackGeneration current) {
    Refusal last = refusal;
    if (last == null || last.generation() != current.number() || last.passed() == last.pause()) {
      return false;
    }
    refusal = new Refusal(last.generation(), last.pause(), last.passed() + 1);
    return true;
  }

  /**
   * Notes that a generation is not used. It is tried again with the next look, and then ever more
   * seldom.
   *
   * @return whether it was not refused before
   */
  private boolean refuse(StackGeneration current) {
    Refusal last = refusal;
    if (last == null || last.generation() != current.number()) {
      refusal = new Refusal(current.number(), 0, 0);
      return true;
    }
    refusal = new Refusal(current.number(), Math.min(2 * last.pause() + 1, MAX_PAUSE), 0);
    return false;
  }

  /** What a listener throws is its own problem, not the generation's. */
  private void tell(Consumer<LiveListener> news) {
    try {
      news.accept(options.listener());
    } catch (RuntimeException | Error e) {
      LOG.log(System.Logger.Level.WARNING, "the listener failed: " + options.listener(), e);
    }
  }

  /**
   * Has the store leave a generation that cannot be used, if it is for this follower to say so: one
   * that is on trial, or that has a revoked patch. That a good one cannot be used here says nothing
   * of the others who follow the store.
   */
  private StackGeneration replace(StackGeneration failed, RuntimeException reason) {
    String text = "generation " + failed.number() + " failed: " + reason.getMessage();
    Change change = new Change(options.actor(), Change.reasonOf(text));
    try {
      if (reason instanceof StoreException refused && refused.reason() == Reason.REVOKED) {
        return store.applyRevocations(change);
      }
      return options.probe() == null || store.isGood(failed.number())
          ? failed
          : store.rollbackIfCurrent(
              failed.number(), store.lastGoodBefore(failed.number()).number(), change);
    } catch (StoreException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "the store does not leave generation " + failed.number() + "; trying again",
          e);
      return failed;
    }
  }

  private Views open(StackGeneration current, @Nullable Views old) {
    LanguageModel view = base.withPatches(load(current));
    HealthProbe probe = options.probe();
    if (probe != null && !store.isGood(current.number())) {
      check(probe, view);
      // A canary has shown that it answers, not yet that it is good.
      if (!current.isCanary()) {
        markGood(current.number());
      }
    }
    Set<Digest> patches = new HashSet<>();
    current.stack().forEach(entry -> patches.add(entry.digest()));
    if (!current.isCanary()) {
      return new Views(current, view, view, patches);
    }
    StackGeneration baseline = store.generation(current.baseline());
    baseline.stack().forEach(entry -> patches.add(entry.digest()));
    LanguageModel rest =
        old != null && old.generation().number() == baseline.number()
            ? old.view()
            : base.withPatches(load(baseline));
    return new Views(current, view, rest, patches);
  }

  /** What a probe asserts in vain, it refuses. */
  private static void check(HealthProbe probe, LanguageModel view) {
    try {
      probe.check(view);
    } catch (AssertionError e) {
      throw new PatchkitException(String.valueOf(e.getMessage()), e);
    }
  }

  /** That the store cannot note what a probe has found is no reason to leave the generation. */
  private void markGood(long number) {
    try {
      store.markGood(number, Change.by(options.actor()));
      unmarked = -1;
    } catch (StoreException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "generation "
              + number
              + " passed its probe and is used; marking it good is tried again with the next look: "
              + e.getMessage());
      unmarked = number;
    }
  }

  private PatchStack load(StackGeneration generation) {
    return load(generation.stack());
  }

  private PatchStack load(List<StackEntry> stack) {
    List<Patch> patches = new ArrayList<>();
    for (StackEntry entry : stack) {
      store.requireNotRevoked(entry);
      Patch known = memory.find(entry.digest(), store.clock().instant());
      patches.add(known == null ? load(entry.digest()) : known);
    }
    return PatchStack.of(patches);
  }

  private Patch load(Digest patch) {
    TrustPolicy policy = options.policy();
    InstalledPatch installed = store.installed(patch);
    PatchMemory.Entry entry =
        policy == null
            ? PatchMemory.Entry.of(store.load(patch), installed)
            : PatchMemory.Entry.of(store.verify(patch, policy), installed);
    memory.put(patch, entry);
    return entry.patch();
  }

  /**
   * Does beforehand what the switch to an installed patch would do: reads and verifies it, and has
   * the model encode the current stack with it. Its activation is then as quick as a rollback, as
   * long as memory and model keep what they were given: the patch within {@link
   * LiveOptions#patchMemoryBytes}, the encoded prefix within the model's own cache. Requests go on
   * meanwhile, and get nothing new.
   *
   * @throws StoreException if it is not installed, is revoked, or may not stand with the current
   *     patches
   * @throws PatchkitException if the policy does not trust it, or it does not fit the model
   */
  public void prepare(Digest patch) {
    try {
      base.withPatches(load(store.stackWith(patch)));
    } finally {
      memory.trim();
    }
  }

  /** Ends the following. Views stay usable, and new requests get the last ones. Idempotent. */
  @Override
  public void close() {
    if (poller != null) {
      poller.shutdown();
    }
  }
}
