package io.patchkit.release;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;

/**
 * Whatever a store's files hold: a value, or a {@link StoreException} that says what is damaged.
 * docs/trust.md tells how a campaign is run.
 */
class StoreFuzzTest {

  private static final Digest PATCH = new Digest("ab".repeat(32));

  private static Path root = Path.of("");
  private static StoreLayout layout;

  @BeforeAll
  static void create() throws IOException {
    root = Files.createTempDirectory("store");
    layout = StoreLayout.open(root, Duration.ofSeconds(10));
  }

  @FuzzTest
  void format(byte[] content) throws IOException {
    byte[] before = Files.readAllBytes(layout.format);
    Files.write(layout.format, content);
    try {
      assertThat(StoreLayout.open(root, Duration.ofSeconds(10)).current).isEqualTo(layout.current);
    } catch (StoreException e) {
      assertThat(e.reason())
          .isIn(StoreException.Reason.NOT_A_STORE, StoreException.Reason.FORMAT_NEWER);
    } finally {
      Files.write(layout.format, before);
    }
  }

  @FuzzTest
  void current(byte[] content) throws IOException {
    Files.write(layout.current, content);
    try {
      new Generations(layout).current();
    } catch (StoreException e) {
      assertThat(e.reason())
          .isIn(StoreException.Reason.CORRUPT_GENERATION, StoreException.Reason.UNKNOWN_GENERATION);
    }
  }

  @FuzzTest
  void generation(byte[] content) throws IOException {
    Files.write(layout.generations.resolve("7.json"), content);
    try {
      StackGeneration generation = new Generations(layout).read(7);
      assertThat(GenerationJson.parse(GenerationJson.write(generation))).isEqualTo(generation);
    } catch (StoreException e) {
      assertThat(e.reason()).isEqualTo(StoreException.Reason.CORRUPT_GENERATION);
    }
  }

  @FuzzTest
  void auditLog(byte[] content) throws IOException {
    Files.write(layout.audit, content);
    AuditLog log = new AuditLog(layout.audit);
    try {
      List<AuditEntry> entries = log.read();
      for (AuditEntry entry : entries) {
        assertThat(AuditJson.parse(AuditJson.write(entry))).isEqualTo(entry);
      }
    } catch (StoreException e) {
      assertThat(e.reason()).isEqualTo(StoreException.Reason.AUDIT_BROKEN);
    }
    try {
      log.repair();
      assertThat(Files.size(layout.audit)).isLessThanOrEqualTo(content.length);
    } catch (StoreException e) {
      assertThat(e.reason()).isEqualTo(StoreException.Reason.AUDIT_BROKEN);
    }
  }

  /** A damaged record of a revocation revokes. */
  @FuzzTest
  void revocation(byte[] content) throws IOException {
    Files.write(layout.revoked.resolve(PATCH.hex() + ".json"), content);
    assertThat(new Marks(layout).revocationOf(PATCH)).isNotNull();
  }

  @FuzzTest
  void lease(byte[] content) throws IOException {
    Files.write(layout.leases.resolve("a.json"), content);
    assertThat(new Marks(layout).leased(SignedPatches.NOW)).hasSizeLessThanOrEqualTo(1);
  }
}
