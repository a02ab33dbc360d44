package io.patchkit.release;

import static io.patchkit.release.SignedPatches.ANN;
import static io.patchkit.release.SignedPatches.bytesOf;
import static io.patchkit.release.SignedPatches.digest;
import static io.patchkit.release.SignedPatches.verified;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.abort;

import io.patchkit.Composition;
import io.patchkit.release.Revocations.Standing;
import io.patchkit.release.Revocations.State;
import io.patchkit.release.StoreException.Reason;
import io.patchkit.trust.VerifiedPatch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each way to be refused by a store: its own reason, and a store that is as it was. */
class HostileStoreTest {

  @TempDir Path temporary;
  private Path directory;
  private PatchStore store;
  private final VerifiedPatch calm = verified("calm");

  @BeforeEach
  void open() {
    directory = temporary.resolve("store");
    store = PatchStore.open(directory);
    store.install(calm, ANN);
    store.activate(digest(calm), ANN);
  }

  private void assertRefused(Reason reason, ThrowingCallable call) throws IOException {
    Map<String, Digest> before = bytesOf(directory);
    StoreException refused = catchThrowableOfType(StoreException.class, call);
    assertThat(refused).isNotNull();
    assertThat(refused.reason()).as(refused.getMessage()).isEqualTo(reason);
    assertThat(bytesOf(directory)).isEqualTo(before);
  }

  private Digest install(VerifiedPatch patch) {
    return store.install(patch, ANN).digest();
  }

  private static Composition requires(String... names) {
    return new Composition(List.of(names), List.of(), List.of());
  }

  // How patches stand together (28)

  @Test
  void aRequirementThatIsMissing() throws IOException {
    Digest fair = install(verified("fair", "1.0.0", "fair", requires("absent")));
    assertRefused(Reason.REQUIREMENT_MISSING, () -> store.activate(fair, ANN));
  }

  @Test
  void aRequirementThatStandsBehind() throws IOException {
    Digest fair = install(verified("fair", "1.0.0", "fair", requires("calm")));
    assertRefused(
        Reason.REQUIREMENT_BEHIND,
        () -> store.activateStack(List.of(fair, digest(calm)), Activation.full(), ANN));
    assertThat(store.activate(fair, ANN).stack()).hasSize(2);
    assertRefused(Reason.REQUIREMENT_MISSING, () -> store.deactivate("calm", ANN));
  }

  @Test
  void aRequirementCycle() throws IOException {
    Digest a = install(verified("a", "1.0.0", "a", requires("b")));
    Digest b = install(verified("b", "1.0.0", "b", requires("c")));
    Digest c = install(verified("c", "1.0.0", "c", requires("a")));
    assertRefused(
        Reason.REQUIREMENT_CYCLE,
        () -> store.activateStack(List.of(a, b, c), Activation.full(), ANN));
  }

  @Test
  void aConflict() throws IOException {
    Digest rude =
        install(
            verified(
                "rude", "1.0.0", "rude", new Composition(List.of(), List.of("calm"), List.of())));
    assertRefused(Reason.CONFLICT, () -> store.activate(rude, ANN));
  }

  @Test
  void twoPatchesInOneSlot() throws IOException {
    Digest other = install(verified("other", "1.0.0", "calm", Composition.free()));
    assertRefused(
        Reason.SLOT_TAKEN,
        () -> store.activateStack(List.of(digest(calm), other), Activation.full(), ANN));
    assertThat(store.activate(other, ANN).stack())
        .extracting(StackEntry::name)
        .containsExactly("other");
  }

  @Test
  void twoVersionsOfOnePatch() throws IOException {
    Digest newer = install(verified("calm", "2.0.0", "elsewhere", Composition.free()));
    assertRefused(
        Reason.NAME_TAKEN,
        () -> store.activateStack(List.of(digest(calm), newer), Activation.full(), ANN));
  }

  @Test
  void aPatchBesideTheOneThatReplacesIt() throws IOException {
    Digest all =
        install(
            verified(
                "all", "1.0.0", "all", new Composition(List.of(), List.of(), List.of("calm"))));
    assertRefused(
        Reason.REPLACED,
        () -> store.activateStack(List.of(digest(calm), all), Activation.full(), ANN));
    assertThat(store.activate(all, ANN).stack())
        .extracting(StackEntry::name)
        .containsExactly("all");
  }

  @Test
  void anotherPatchOfTheSameVersion() throws IOException {
    VerifiedPatch twin = verified("calm", "1.0.0", "twin", Composition.free());
    assertRefused(Reason.VERSION_TAKEN, () -> install(twin));
  }

  // Revocation (40)

  @Test
  void aRevokedPatchComesBackNeitherByInstallNorActivationNorRollback() throws IOException {
    store.revoke(digest(calm), ANN.withReason("leaks"));
    assertThat(store.current().stack()).isEmpty();
    assertRefused(Reason.REVOKED, () -> install(calm));
    assertRefused(Reason.REVOKED, () -> store.activate(digest(calm), ANN));
    assertRefused(Reason.REVOKED, () -> store.rollback(1, ANN));
    PatchStore again = PatchStore.open(directory);
    assertRefused(Reason.REVOKED, () -> again.rollback(1, ANN));
  }

  @Test
  void revokingTakesOutTheRevokedPatchAlone() {
    Digest fair = install(verified("fair"));
    Digest kind = install(verified("kind"));
    store.activate(fair, ANN);
    store.activate(kind, ANN);
    store.revoke(fair, ANN);
    assertThat(store.current().stack())
        .extracting(StackEntry::name)
        .containsExactly("calm", "kind");
    assertThat(store.current().origin()).isEqualTo(StackGeneration.Origin.REVOKED);
  }

  @Test
  void whatAChannelCallsRevokedGoesAndStaysAwayWithoutTheChannel() throws IOException {
    PatchStore following = with(State.REVOKED, false);
    assertRefused(Reason.REVOKED, () -> following.activate(digest(calm), ANN));
    following.applyRevocations(ANN);
    assertThat(store.current().stack()).isEmpty();
    assertRefused(Reason.REVOKED, () -> store.rollback(1, ANN));
  }

  @Test
  void aWithdrawnPatchStaysButDoesNotComeAnew() throws IOException {
    PatchStore following = with(State.WITHDRAWN, false);
    assertRefused(Reason.WITHDRAWN, () -> following.install(calm, ANN));
    assertRefused(Reason.WITHDRAWN, () -> following.activate(digest(calm), ANN));
    assertThat(following.applyRevocations(ANN).stack()).hasSize(1);
    assertThat(following.rollback(1, ANN).stack()).hasSize(1);
  }

  @Test
  void newsThatAreTooOldLetNothingIn() throws IOException {
    PatchStore following = with(State.ACTIVE, true);
    assertRefused(Reason.STALE, () -> following.install(verified("fair"), ANN));
    assertRefused(Reason.STALE, () -> following.activate(digest(calm), ANN));
    assertThat(following.rollback(1, ANN).stack()).hasSize(1);
  }

  @Test
  void aRecordOfARevocationThatIsDamaged() throws IOException {
    Files.writeString(directory.resolve("revoked").resolve(calm.identity() + ".json"), "");
    assertThat(store.status().revoked()).containsOnlyKeys(digest(calm));
    store.pin(0, ANN);
    assertThat(store.current().stack()).isEmpty();
    assertRefused(Reason.REVOKED, () -> store.activate(digest(calm), ANN));
  }

  private PatchStore with(State state, boolean stale) {
    Revocations revocations =
        new Revocations() {
          @Override
          public Standing of(Digest patch) {
            return new Standing(state, "said the channel");
          }

          @Override
          public boolean isStale() {
            return stale;
          }
        };
    return PatchStore.open(directory, StoreOptions.defaults().withRevocations(revocations));
  }

  // What is asked for and not there

  @Test
  void aPatchThatIsNotInstalled() throws IOException {
    assertRefused(Reason.NOT_INSTALLED, () -> store.activate(digest(verified("no")), ANN));
  }

  @Test
  void aPatchThatIsNotActive() throws IOException {
    assertRefused(Reason.NOT_ACTIVE, () -> store.deactivate("no", ANN));
  }

  @Test
  void aGenerationThatIsNotThere() throws IOException {
    assertRefused(Reason.UNKNOWN_GENERATION, () -> store.rollback(7, ANN));
  }

  // Damage at rest

  private Path weights() {
    return directory
        .resolve("blobs/sha256")
        .resolve(calm.files().digests().get("adapter_model.safetensors"));
  }

  private static void flipLastBit(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 1] ^= 1;
    assertThat(file.toFile().setWritable(true)).isTrue();
    Files.write(file, bytes);
  }

  @Test
  void aBlobThatChanged() throws IOException {
    flipLastBit(weights());
    assertRefused(Reason.CORRUPT_BLOB, () -> store.load(digest(calm)));
    install(calm);
    assertThat(store.load(digest(calm))).isEqualTo(calm.patch());
  }

  @Test
  void aBlobThatGrew() throws IOException {
    weights().toFile().setWritable(true);
    Files.write(weights(), new byte[1], StandardOpenOption.APPEND);
    assertRefused(Reason.CORRUPT_BLOB, () -> store.load(digest(calm)));
  }

  @Test
  void aBlobThatIsGone() throws IOException {
    Files.delete(weights());
    assertRefused(Reason.MISSING_BLOB, () -> store.load(digest(calm)));
  }

  @Test
  void aBlobThatIsALink() throws IOException {
    Path elsewhere = temporary.resolve("elsewhere");
    Files.move(weights(), elsewhere);
    Files.createSymbolicLink(weights(), elsewhere);
    assertRefused(Reason.CORRUPT_BLOB, () -> store.load(digest(calm)));
  }

  @Test
  void aSignatureThatChanged() throws IOException {
    Path signatures = directory.resolve("sigs").resolve(calm.identity());
    Path signature = signatures.resolve(Digest.of(calm.bundles().get(0)) + ".sig");
    assertThat(store.verify(digest(calm), SignedPatches.POLICY).identity())
        .isEqualTo(calm.identity());
    flipLastBit(signature);
    assertRefused(Reason.CORRUPT_BLOB, () -> store.verify(digest(calm), SignedPatches.POLICY));
  }

  @Test
  void aRecordInThePlaceOfAnother() throws IOException {
    store.rollback(0, ANN);
    Path generations = directory.resolve("generations");
    Files.delete(generations.resolve("2.json"));
    Files.copy(generations.resolve("1.json"), generations.resolve("2.json"));
    assertRefused(Reason.CORRUPT_GENERATION, () -> store.generation(2));
  }

  /** Whoever changes a record can make its digests right; the patches say who they are. */
  @Test
  void aRecordThatCallsAPatchSomethingElse() throws IOException {
    Path record = directory.resolve("generations/1.json");
    String text = Files.readString(record);
    Files.writeString(record, text.replace("calm", "warm"));
    assertRefused(Reason.CORRUPT_GENERATION, () -> store.load(store.generation(1)));
    Files.writeString(record, text.replace(calm.identity(), "f".repeat(64)));
    assertRefused(Reason.CORRUPT_GENERATION, () -> store.generation(1));
    for (String changed :
        List.of(
            text.replace("\"formatVersion\": 1", "\"formatVersion\": 2"),
            text.replace("\"number\"", "\"note\": 1, \"number\""),
            text.replace("\"slot\"", "\"note\": 1, \"slot\""),
            text.replace("\"parent\": 0", "\"parent\": 2"),
            text.replace("\"baseline\": 1", "\"baseline\": 0"),
            text.replaceFirst("\"share\": 1[.0]*", "\"share\": 0"))) {
      assertThat(changed).isNotEqualTo(text);
      Files.writeString(record, changed);
      assertRefused(Reason.CORRUPT_GENERATION, () -> store.generation(1));
    }
  }

  @Test
  void aGenerationThatChanged() throws IOException {
    Path record = directory.resolve("generations/1.json");
    Files.writeString(record, Files.readString(record).replace("calm", "warm"));
    assertThat(store.current()).isEqualTo(StackGeneration.zero());
    Files.writeString(record, "{}");
    assertRefused(Reason.CORRUPT_GENERATION, () -> store.generation(1));
  }

  @Test
  void aDamagedCurrentIsRecoveredToTheLastGoodGeneration() throws IOException {
    install(verified("fair"));
    store.activate(digest(verified("fair")), Activation.trial(), ANN);
    // Longer than anything a store writes, and what is not read of it is not what is wrong.
    Files.writeString(directory.resolve("current"), "1 ".repeat(200));
    assertThat(store.current().number()).isEqualTo(1);
    Files.writeString(directory.resolve("current"), "rubbish");
    assertThat(store.current().number()).isEqualTo(1);
    store.pin(1, ANN);
    assertThat(store.current().number()).isEqualTo(3);
    assertThat(store.current().origin()).isEqualTo(StackGeneration.Origin.RECOVERED);
    assertThat(store.current().stack()).extracting(StackEntry::name).containsExactly("calm");
  }

  // The audit log

  @Test
  void anAuditEntryThatChanged() throws IOException {
    Path log = directory.resolve("audit.log");
    Files.writeString(log, Files.readString(log).replaceFirst("ann", "bob"));
    assertRefused(Reason.AUDIT_BROKEN, () -> store.audit());
  }

  @Test
  void auditEntriesThatWereRemoved() throws IOException {
    store.rollback(0, ANN);
    store.rollback(1, ANN);
    Path log = directory.resolve("audit.log");
    List<String> lines = Files.readAllLines(log);
    Files.write(log, lines.subList(1, lines.size()));
    assertRefused(Reason.AUDIT_BROKEN, () -> store.audit());
    Files.write(log, lines.subList(0, lines.size() - 2));
    assertRefused(Reason.AUDIT_BROKEN, () -> store.audit());
  }

  /** The chain has no key: who writes the whole log anew can close it, but not renumber time. */
  @Test
  void aFirstAuditEntryThatWasRemovedWithItsTraces() throws IOException {
    Path log = directory.resolve("audit.log");
    List<String> lines = Files.readAllLines(log);
    assertThat(lines).hasSize(2);
    Files.writeString(
        log,
        lines.get(1).replaceFirst("\"previous\":\"[0-9a-f]*", "\"previous\":\"" + "0".repeat(64))
            + "\n");
    assertRefused(Reason.AUDIT_BROKEN, () -> store.audit());
  }

  @Test
  void anAuditEntryWithoutEnd() throws IOException {
    Path log = directory.resolve("audit.log");
    Files.writeString(log, "x".repeat(AuditLog.MAX_LINE + 1), StandardOpenOption.APPEND);
    assertRefused(Reason.AUDIT_BROKEN, () -> store.audit());
    Files.writeString(log, "x".repeat(AuditLog.MAX_LINE), StandardOpenOption.APPEND);
    assertRefused(Reason.AUDIT_BROKEN, () -> store.pin(1, ANN));
  }

  @Test
  void anInstallThatACrashKeptFromBeingNotedIsNotedByTheNextChange() throws IOException {
    install(verified("fair"));
    Path log = directory.resolve("audit.log");
    Path pending = directory.resolve("pending");
    assertThat(pending).doesNotExist();
    List<AuditEntry> whole = store.audit();
    List<String> lines = Files.readAllLines(log);
    String last = lines.get(lines.size() - 1);
    assertThat(last).contains("INSTALLED");

    // Between the install and its note.
    Files.write(log, lines.subList(0, lines.size() - 1));
    Files.writeString(pending, last);
    store.pin(1, ANN);
    assertThat(store.audit()).startsWith(whole.toArray(AuditEntry[]::new));
    assertThat(store.audit()).hasSize(whole.size() + 1);
    assertThat(pending).doesNotExist();

    // Between the note and its end.
    lines = Files.readAllLines(log);
    Files.writeString(pending, lines.get(lines.size() - 1));
    store.pin(1, ANN);
    assertThat(store.audit()).hasSize(whole.size() + 2);

    // Before the install.
    lines = Files.readAllLines(log);
    Files.write(log, lines.subList(0, lines.size() - 1));
    Files.writeString(
        pending,
        last.replaceFirst("\"sequence\":[0-9]+", "\"sequence\":" + (whole.size() + 2))
            .replaceFirst("\\[\"[0-9a-f]+\"\\]", "[\"" + "0".repeat(64) + "\"]"));
    store.pin(1, ANN);
    assertThat(store.audit()).hasSize(whole.size() + 2);
    assertThat(store.audit().get(whole.size() + 1).action()).isEqualTo(AuditEntry.Action.PINNED);
  }

  @Test
  void aRevocationThatACrashKeptFromBeingNotedIsNotedByTheNextChange() throws IOException {
    store.revoke(digest(calm), ANN.withReason("leaks"));
    Path log = directory.resolve("audit.log");
    List<String> lines = Files.readAllLines(log);
    int at = 0;
    while (!lines.get(at).contains("\"REVOKED\"")) {
      at++;
    }
    Files.write(log, lines.subList(0, at));
    Files.writeString(directory.resolve("pending"), lines.get(at));
    store.pin(0, ANN);
    assertThat(store.audit()).anyMatch(entry -> entry.change().reason().equals("leaks"));
  }

  @Test
  void aPendingNoteThatIsNone() throws IOException {
    Files.writeString(directory.resolve("pending"), "{}");
    assertRefused(Reason.AUDIT_BROKEN, () -> store.pin(1, ANN));
  }

  @Test
  void aTornAuditEntryIsPassedOverAndThenTakenAway() throws IOException {
    Path log = directory.resolve("audit.log");
    List<AuditEntry> before = store.audit();
    Files.write(
        log, "{\"sequence\":3,\"ti".getBytes(StandardCharsets.UTF_8), StandardOpenOption.APPEND);
    assertThat(store.audit()).isEqualTo(before);
    store.rollback(0, ANN);
    assertThat(store.audit()).hasSize(before.size() + 1);
  }

  // The store itself

  @Test
  void aNewerFormat() throws IOException {
    Files.writeString(directory.resolve("FORMAT"), "patchkit-store 2\n");
    assertRefused(Reason.FORMAT_NEWER, () -> PatchStore.open(directory));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "patchkit-store",
        "patchkit-store 0",
        "patchkit-store 01",
        "patchkit-store 1x",
        "patchkit-store 1   ",
        "patchkit-store 9999999999",
        "x\npatchkit-store 1\n"
      })
  void aFormatThatIsNone(String text) throws IOException {
    Files.writeString(directory.resolve("FORMAT"), text);
    assertRefused(Reason.NOT_A_STORE, () -> PatchStore.open(directory));
  }

  @Test
  void aDirectoryOfSomethingElse() throws IOException {
    directory = Files.createDirectory(temporary.resolve("photos"));
    Files.writeString(directory.resolve("cat.jpg"), "meow");
    assertRefused(Reason.NOT_A_STORE, () -> PatchStore.open(directory));
  }

  @Test
  void aLockThatIsHeld() throws IOException {
    PatchStore impatient =
        PatchStore.open(directory, StoreOptions.defaults().withLockTimeout(Duration.ofMillis(50)));
    new StoreLock(directory.toRealPath().resolve("lock"), Duration.ofSeconds(5))
        .holding(
            () -> {
              Thread other =
                  new Thread(
                      () -> {
                        try {
                          assertRefused(Reason.LOCKED, () -> impatient.pin(1, ANN));
                        } catch (IOException e) {
                          throw new AssertionError(e);
                        }
                      });
              Throwable[] problem = new Throwable[1];
              other.setUncaughtExceptionHandler((thread, e) -> problem[0] = e);
              other.start();
              try {
                other.join();
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
              assertThat(problem[0]).isNull();
              return null;
            });
  }

  @Test
  void aDiskThatIsTooSmall() throws Exception {
    Path disk = Files.createDirectory(temporary.resolve("disk"));
    mount(disk, "size=256k");
    try {
      directory = disk.resolve("store");
      PatchStore small = PatchStore.open(directory);
      assertThat(
              new ProcessBuilder("fallocate", "-l", "200k", disk.resolve("fill").toString())
                  .start()
                  .waitFor())
          .isZero();
      assertRefused(Reason.NO_SPACE, () -> small.install(verified("fair"), ANN));
      Files.delete(disk.resolve("fill"));
      small.install(verified("fair"), ANN);
    } finally {
      unmount(disk);
    }
  }

  @Test
  void aDiskThatFillsUpWhileItIsWritten() throws Exception {
    Path disk = Files.createDirectory(temporary.resolve("disk"));
    // Room for bytes but for few files: writing fails after some blobs are there.
    mount(disk, "size=4m,nr_inodes=22");
    try {
      directory = disk.resolve("store");
      PatchStore small = PatchStore.open(directory);
      small.install(calm, ANN);
      assertRefused(Reason.NO_SPACE, () -> small.install(verified("fair"), ANN));
      small.activate(digest(calm), ANN);
      assertThat(small.load(small.current()).patches()).containsExactly(calm.patch());
    } finally {
      unmount(disk);
    }
  }

  private static void mount(Path disk, String options) throws Exception {
    int exit;
    try {
      exit =
          new ProcessBuilder("mount", "-t", "tmpfs", "-o", options, "tmpfs", disk.toString())
              .start()
              .waitFor();
    } catch (IOException e) {
      exit = -1;
    }
    if (exit != 0) {
      String message = "NOT TESTED: a full disk needs the right to mount a tmpfs";
      System.err.println(message);
      abort(message);
    }
  }

  private static void unmount(Path disk) throws Exception {
    assertThat(new ProcessBuilder("umount", disk.toString()).start().waitFor()).isZero();
  }
}
