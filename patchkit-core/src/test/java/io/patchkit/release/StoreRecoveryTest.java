package io.patchkit.release;

import static io.patchkit.release.SignedPatches.ANN;
import static io.patchkit.release.SignedPatches.NOW;
import static io.patchkit.release.SignedPatches.digest;
import static io.patchkit.release.SignedPatches.verified;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.release.AuditEntry.Action;
import io.patchkit.release.StackGeneration.Origin;
import io.patchkit.release.StoreException.Reason;
import io.patchkit.trust.VerifiedPatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a crash leaves behind at each step of a change, and what the next change makes of it. */
class StoreRecoveryTest {

  private static final Change CUT = Change.by("cut");

  @TempDir Path temporary;
  private Path directory;
  private StoreLayout layout;
  private PatchStore store;
  private final VerifiedPatch calm = verified("calm");
  private final VerifiedPatch fair = verified("fair");

  @BeforeEach
  void open() throws IOException {
    directory = temporary.resolve("store");
    store = PatchStore.open(directory, StoreOptions.defaults().withClock(SignedPatches.CLOCK));
    layout = StoreLayout.open(directory, Duration.ZERO);
    store.install(calm, ANN);
    store.activate(digest(calm), ANN);
  }

  private static void assertReason(Reason reason, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            StoreException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  // Files

  @Test
  void whatWasBeingWrittenIsTakenAwayByTheNextChangeAndNothingElse() throws IOException {
    List<Path> halves = new ArrayList<>();
    List<Path> others = new ArrayList<>();
    for (String folder :
        List.of(
            "",
            "blobs/sha256",
            "sigs",
            "sigs/" + calm.identity(),
            "generations",
            "pins",
            "leases",
            "revoked")) {
      Path in = directory.resolve(folder);
      halves.add(Files.writeString(in.resolve(".0b9d.tmp"), "half"));
      others.add(Files.writeString(in.resolve(".note"), "whole"));
      others.add(Files.writeString(in.resolve("note.tmp"), "whole"));
    }
    Path install = Files.createDirectory(directory.resolve("sigs/.1f2e.tmp"));
    Files.writeString(install.resolve("a.sig"), "half");
    halves.add(install);

    PatchStore again = PatchStore.open(directory);
    assertThat(again.current().number()).isEqualTo(1);
    assertThat(halves).allMatch(Files::exists);

    again.pin(0, ANN);
    assertThat(halves).noneMatch(Files::exists);
    assertThat(others).allMatch(Files::exists);
  }

  @Test
  void aStoreWhoseMakingWasCutShortIsMade() throws IOException {
    Path begun = temporary.resolve("begun");
    Files.createDirectories(begun.resolve("blobs/sha256"));
    Files.createDirectory(begun.resolve("sigs"));
    Files.createFile(begun.resolve("lock"));
    Files.writeString(begun.resolve(".0b9d.tmp"), "patchkit-st");
    PatchStore made = PatchStore.open(begun);
    made.install(calm, ANN);
    assertThat(made.activate(digest(calm), ANN).number()).isEqualTo(1);
    assertThat(begun.resolve(".0b9d.tmp")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {".profile", "note.tmp"})
  void whatNoCrashOfAStoreLeavesBehindMakesNoStore(String name) throws IOException {
    Path home = Files.createDirectory(temporary.resolve("home"));
    Files.writeString(home.resolve(name), "mine");
    assertReason(Reason.NOT_A_STORE, () -> PatchStore.open(home));
  }

  // Generations

  @Test
  void aGenerationThatDidNotBecomeCurrentWasNever() throws IOException {
    Generations generations = new Generations(layout);
    generations.write(
        new StackGeneration(2, 1, Origin.ACTIVATED, CUT, NOW, List.of(), 1, 2, false));
    generations.markGood(2);
    assertThat(store.history()).extracting(StackGeneration::number).containsExactly(1L);

    store.pin(0, ANN);
    assertReason(Reason.UNKNOWN_GENERATION, () -> store.generation(2));
    assertThat(generations.isMarkedGood(2)).isFalse();
    assertThat(store.rollback(0, ANN).number()).isEqualTo(2);
    assertThat(store.audit()).noneMatch(entry -> entry.change().equals(CUT));
  }

  @Test
  void aGenerationThatWasNotNotedIsNotedByTheNextChange() throws IOException {
    store.install(fair, ANN);
    StackGeneration second = store.activate(digest(fair), CUT.withReason("asked for"));
    List<AuditEntry> whole = store.audit();
    List<String> lines = Files.readAllLines(layout.audit);
    Files.write(layout.audit, lines.subList(0, lines.size() - 1));

    assertThat(store.current()).isEqualTo(second);
    assertThat(store.audit()).isEqualTo(whole.subList(0, whole.size() - 1));
    store.pin(0, ANN);
    assertThat(store.audit().subList(0, whole.size())).isEqualTo(whole);
    assertThat(store.audit()).hasSize(whole.size() + 1);
  }

  private static StackGeneration first(String name) {
    VerifiedPatch patch = verified(name);
    StackEntry entry =
        new StackEntry(digest(patch), name, patch.patch().manifest().version(), name);
    return new StackGeneration(1, 0, Origin.ACTIVATED, CUT, NOW, List.of(entry), 1, 1, false);
  }

  @Test
  void aFirstGenerationThatDidNotBecomeCurrentWasNever() throws IOException {
    Path fresh = temporary.resolve("fresh");
    PatchStore begun = PatchStore.open(fresh);
    begun.install(calm, ANN);
    begun.install(fair, ANN);
    new Generations(StoreLayout.open(fresh, Duration.ZERO)).write(first("calm"));
    assertThat(begun.current()).isEqualTo(StackGeneration.zero());
    StackGeneration made = begun.activate(digest(fair), ANN);
    assertThat(made.number()).isEqualTo(1);
    assertThat(made.stack()).extracting(StackEntry::name).containsExactly("fair");
  }

  @Test
  void aCurrentThatIsGoneLeadsToTheLastGoodGenerationAndCostsNoRecord() throws IOException {
    store.install(fair, ANN);
    StackGeneration good = store.activate(digest(fair), ANN);
    store.activateStack(List.of(digest(fair)), Activation.trial(), ANN);
    Files.delete(layout.current);

    assertThat(store.current()).isEqualTo(good);
    store.pin(0, ANN);
    assertThat(store.current().number()).isEqualTo(4);
    assertThat(store.current().origin()).isEqualTo(Origin.RECOVERED);
    assertThat(store.current().stack()).isEqualTo(good.stack());
    assertThat(store.current().change().reason()).contains("current", "found none");
    assertThat(store.history()).extracting(StackGeneration::number).containsExactly(1L, 2L, 3L, 4L);
  }

  @Test
  void theLogShowsThatTheFirstGenerationWasCurrent() throws IOException {
    Files.delete(layout.current);
    assertThat(store.current().number()).isEqualTo(1);
    store.pin(0, ANN);
    assertThat(store.current().origin()).isEqualTo(Origin.RECOVERED);
    assertThat(store.current().stack()).isEqualTo(store.generation(1).stack());
  }

  @Test
  void recordsShowThatAGenerationWasCurrentWhereTheLogIsGoneToo() throws IOException {
    StackGeneration second = store.rollback(1, ANN);
    Files.delete(layout.current);
    Files.delete(layout.audit);
    assertThat(store.current()).isEqualTo(second);
  }

  @Test
  void aCurrentThatIsALinkIsDamage() throws IOException {
    Path elsewhere = temporary.resolve("elsewhere");
    Files.move(layout.current, elsewhere);
    Files.createSymbolicLink(layout.current, elsewhere);
    assertThat(store.current().number()).isEqualTo(1);
    store.pin(0, ANN);
    assertThat(store.current().origin()).isEqualTo(Origin.RECOVERED);
    assertThat(Files.isSymbolicLink(layout.current)).isFalse();
  }

  /** Replaces a blob by something that is no file. */
  private void displace(Digest blob, String by) throws IOException {
    Path file = layout.blobs.resolve(blob.hex());
    Path elsewhere = temporary.resolve("elsewhere");
    Files.move(file, elsewhere);
    if (by.equals("a link")) {
      Files.createSymbolicLink(file, elsewhere);
    } else {
      Files.createDirectory(file);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"a link", "a directory"})
  void aRevocationPassesOverAGenerationWithABlobThatIsNoFile(String by) throws IOException {
    VerifiedPatch kind = verified("kind");
    store.install(fair, ANN);
    store.activate(digest(fair), ANN);
    store.install(kind, ANN);
    store.activate(digest(kind), ANN);
    displace(digest(fair), by);

    store.revoke(digest(kind), ANN);
    assertThat(store.current().stack()).extracting(StackEntry::name).containsExactly("calm");
    if (by.equals("a directory")) {
      Files.delete(layout.blobs.resolve(fair.identity()));
    }
    store.install(fair, ANN);
    assertThat(store.load(digest(fair))).isEqualTo(fair.patch());
  }

  @Test
  void aRevocationOfACanarysBaselineIsFinishedByTheNextChange() throws IOException {
    VerifiedPatch next = verified("calm", "2.0.0");
    store.install(next, ANN);
    store.activate(digest(next), Activation.canary(0.1), ANN);
    // All that was written before the crash.
    new Marks(layout).revoke(digest(calm), "leaks");

    store.pin(0, ANN);
    assertThat(store.current().origin()).isEqualTo(Origin.REVOKED);
    assertThat(store.current().stack()).isEmpty();
  }

  @Test
  void aCanaryWhoseBaselineIsGoneKeepsNoChangeFromHappening() throws IOException {
    store.install(fair, ANN);
    StackGeneration canary = store.activate(digest(fair), Activation.canary(0.1), ANN);
    Files.delete(layout.generations.resolve("1.json"));

    store.pin(0, ANN);
    assertThat(store.current()).isEqualTo(canary);
    store.revoke(digest(fair), ANN);
    assertThat(store.current().stack()).isEmpty();
  }

  /** Whoever follows a store tells generations apart by their numbers. */
  @Test
  void aNumberIsNotGivenTwiceThoughTheRecordsAreGone() throws IOException {
    store.rollback(1, ANN);
    Files.delete(layout.current);
    Files.delete(layout.generations.resolve("1.json"));
    Files.delete(layout.generations.resolve("2.json"));
    assertThat(store.current().stack()).isEmpty();
    store.pin(0, ANN);
    assertThat(store.current().number()).isEqualTo(3);
    assertThat(store.current().origin()).isEqualTo(Origin.RECOVERED);
  }

  // What makes no generation: between it and its note

  private AuditEntry pending(Action action, List<Digest> patches, @Nullable Long target)
      throws IOException {
    AuditEntry entry =
        new AuditLog(layout.audit).next(NOW, action, CUT, store.current(), patches, target);
    Files.write(layout.pending, AuditJson.write(entry));
    return entry;
  }

  private List<AuditEntry> notedByTheNextChange() {
    store.pin(0, ANN);
    assertThat(layout.pending).doesNotExist();
    return store.audit().stream().filter(entry -> entry.change().equals(CUT)).toList();
  }

  @ParameterizedTest
  @EnumSource(names = {"INSTALLED", "MARKED_GOOD", "PINNED", "UNPINNED", "REVOKED"})
  void whatWasDoneIsNotedAndWhatWasNotIsNot(Action action) throws IOException {
    boolean toPatches = action == Action.INSTALLED || action == Action.REVOKED;
    List<Digest> patches = List.of(digest(toPatches ? fair : calm));
    Long target = toPatches ? null : Long.valueOf(1);
    Marks marks = new Marks(layout);
    if (action == Action.UNPINNED) {
      marks.pin(1);
    }
    pending(action, patches, target);
    assertThat(notedByTheNextChange()).isEmpty();

    AuditEntry entry = pending(action, patches, target);
    switch (action) {
      case INSTALLED -> new PatchBlobs(layout).put(digest(fair), content(fair), fair.bundles());
      case MARKED_GOOD -> new Generations(layout).markGood(1);
      case PINNED -> marks.pin(1);
      case UNPINNED -> marks.unpin(1);
      default -> marks.revoke(digest(fair), "leaks");
    }
    assertThat(notedByTheNextChange()).containsExactly(entry);
  }

  private static Map<String, byte[]> content(VerifiedPatch patch) {
    Map<String, byte[]> content = new LinkedHashMap<>();
    patch
        .files()
        .digests()
        .keySet()
        .forEach(name -> content.put(name, patch.files().content(name)));
    return content;
  }

  @Test
  void ofACollectionThatWasCutShortThePatchesThatAreGoneAreNoted() throws IOException {
    VerifiedPatch kind = verified("kind");
    store.install(fair, ANN);
    store.install(kind, ANN);
    pending(Action.COLLECTED, List.of(digest(fair), digest(kind)), null);
    assertThat(notedByTheNextChange()).isEmpty();

    AuditEntry both = pending(Action.COLLECTED, List.of(digest(fair), digest(kind)), null);
    StoreLayout.deleteFlat(layout.signatures.resolve(kind.identity()));
    assertThat(notedByTheNextChange()).containsExactly(both.withPatches(List.of(digest(kind))));
  }

  @Test
  void aCollectionOfGenerationsAloneIsNoted() throws IOException {
    AuditEntry entry = pending(Action.COLLECTED, List.of(), null);
    assertThat(notedByTheNextChange()).containsExactly(entry);
  }

  // The history

  @Test
  void aDamagedRecordIsLeftOutOfTheHistory() throws IOException {
    store.rollback(0, ANN);
    store.rollback(1, ANN);
    Files.writeString(layout.generations.resolve("2.json"), "{");
    assertThat(store.history()).extracting(StackGeneration::number).containsExactly(1L, 3L);
  }

  // The log

  @Test
  void aBrokenLogIsMovedAwayAndChangesGoOn() throws IOException {
    store.rollback(0, ANN);
    Files.writeString(layout.audit, "{}\n", StandardOpenOption.APPEND);
    assertThatThrownBy(() -> store.revoke(digest(calm), ANN))
        .hasMessageContaining("move it away")
        .isInstanceOfSatisfying(
            StoreException.class, e -> assertThat(e.reason()).isEqualTo(Reason.AUDIT_BROKEN));

    Files.move(layout.audit, temporary.resolve("broken.log"));
    store.revoke(digest(calm), ANN);
    store.rollback(0, ANN);
    assertThat(store.current().number()).isEqualTo(3);
    assertThat(new AuditLog(layout.audit).read())
        .extracting(AuditEntry::action)
        .containsExactly(Action.ROLLED_BACK, Action.REVOKED, Action.ROLLED_BACK);
    assertThatThrownBy(store::audit).hasMessageContaining("begun anew");
  }

  @Test
  void aFirstEntryThatWasCutShortIsPassedOverAndThenTakenAway() throws IOException {
    PatchStore fresh = PatchStore.open(temporary.resolve("fresh"));
    Files.writeString(temporary.resolve("fresh/audit.log"), "{\"sequence\":1,\"ti");
    assertThat(fresh.audit()).isEmpty();
    fresh.pin(0, ANN);
    assertThat(fresh.audit()).extracting(AuditEntry::action).containsExactly(Action.PINNED);
  }

  /** As a file system may leave them where the machine lost its power. */
  @Test
  void zerosInTheLogAreDamageAndNotItsEnd() throws IOException {
    store.pin(0, ANN);
    List<String> lines = new ArrayList<>(Files.readAllLines(layout.audit));
    lines.set(lines.size() - 1, "\0".repeat(lines.get(lines.size() - 1).length()));
    Files.write(layout.audit, lines);
    assertReason(Reason.AUDIT_BROKEN, store::audit);
  }
}
