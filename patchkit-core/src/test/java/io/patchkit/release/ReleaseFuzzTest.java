package io.patchkit.release;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.net.URI;
import java.util.Arrays;
import java.util.Locale;

/**
 * Whatever a registry says or a store's file holds: a value that writes back to an equal one, or
 * the documented refusal. docs/trust.md tells how a campaign is run.
 */
class ReleaseFuzzTest {

  private static final URI PAGE = URI.create("https://registry.example:5000/v2/a/tags/list?n=9");

  @FuzzTest
  void manifest(byte[] text) {
    try {
      OciManifest manifest = OciManifest.parse(text);
      assertThat(OciManifest.parse(manifest.toBytes())).isEqualTo(manifest);
    } catch (RegistryException e) {
      assertThat(e.reason()).isNotNull();
    }
  }

  @FuzzTest
  void index(byte[] text) {
    try {
      OciIndex index = OciIndex.parse(text);
      assertThat(OciIndex.parse(index.toBytes())).isEqualTo(index);
    } catch (RegistryException e) {
      assertThat(e.reason()).isEqualTo(RegistryException.Reason.MALFORMED_REPLY);
    }
  }

  /** A {@code Link} header to the first line feed, then the body. */
  @FuzzTest
  void tagPage(byte[] bytes) {
    int end = 0;
    while (end < bytes.length && bytes[end] != '\n') {
      end++;
    }
    String link = new String(bytes, 0, end, ISO_8859_1);
    byte[] body = Arrays.copyOfRange(bytes, Math.min(bytes.length, end + 1), bytes.length);
    try {
      TagPage page = TagPage.parse(body, link, PAGE);
      assertThat(page.tags()).doesNotContainNull();
    } catch (RegistryException e) {
      assertThat(e.reason()).isEqualTo(RegistryException.Reason.MALFORMED_REPLY);
    }
  }

  @FuzzTest
  void challenge(byte[] header) {
    try {
      AuthChallenge challenge = AuthChallenge.parse(new String(header, ISO_8859_1));
      URI server = challenge.realm();
      assertThat(server.getScheme().toLowerCase(Locale.ROOT)).isIn("http", "https");
      assertThat(server.getHost()).isNotEmpty();
    } catch (RegistryException e) {
      assertThat(e.reason()).isEqualTo(RegistryException.Reason.MALFORMED_REPLY);
    }
  }

  @FuzzTest
  void location(byte[] header) {
    try {
      URI to = RegistryHttp.location(PAGE, new String(header, ISO_8859_1));
      assertThat(to.getScheme()).isEqualTo("https");
    } catch (RegistryException e) {
      assertThat(e.reason())
          .isIn(
              RegistryException.Reason.MALFORMED_REPLY,
              RegistryException.Reason.REDIRECT_DOWNGRADE);
    }
  }

  @FuzzTest
  void token(byte[] reply) {
    try {
      assertThat(RegistryLogin.token(reply, PAGE)).isNotEmpty();
    } catch (RegistryException e) {
      assertThat(e.reason()).isEqualTo(RegistryException.Reason.MALFORMED_REPLY);
    }
  }

  @FuzzTest
  void versionRange(byte[] utf8) {
    String text = new String(utf8, UTF_8);
    try {
      VersionRange range = VersionRange.parse(text);
      assertThat(VersionRange.parse(range.toString()).toString()).isEqualTo(range.toString());
    } catch (IllegalArgumentException e) {
      assertThat(e).hasMessageContaining("range");
    }
  }

  @FuzzTest
  void installedPatch(byte[] patchJson) {
    try {
      InstalledPatch patch = InstalledPatch.parse(patchJson);
      assertThat(patch.digest()).isEqualTo(Digest.of(patchJson));
    } catch (StoreException e) {
      assertThat(e.reason()).isEqualTo(StoreException.Reason.CORRUPT_PATCH);
    }
  }
}
