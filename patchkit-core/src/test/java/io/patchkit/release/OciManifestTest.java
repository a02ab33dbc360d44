package io.patchkit.release;

import static io.patchkit.release.SignedPatches.verified;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.release.RegistryException.Reason;
import io.patchkit.trust.VerifiedPatch;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Manifests that are wrong in one thing; the digest of a release vouches for none of it. */
class OciManifestTest {

  private static final VerifiedPatch PATCH = verified("calm");
  private static final OciManifest GOOD = withBundles(2);

  private static OciManifest withBundles(int count) {
    List<byte[]> bundles = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      bundles.add(new byte[] {(byte) i});
    }
    return OciManifest.of(PATCH.files(), bundles, new HashMap<>());
  }

  private static int size(String name) {
    return PATCH.files().content(name).length;
  }

  static List<Arguments> rows() {
    String config = "\"size\": " + size("adapter_config.json");
    return List.of(
        row("\"schemaVersion\": 2", "\"schemaVersion\": 1", Reason.MALFORMED_MANIFEST),
        row("image.manifest.v1+json", "image.index.v1+json", Reason.NOT_A_PATCH),
        row("vnd.patchkit.patch.v1\"", "vnd.patchkit.patch.v2\"", Reason.NOT_A_PATCH),
        row("\"config\":", "\"subject\": {}, \"config\":", Reason.MALFORMED_MANIFEST),
        row("patch.config.v1+json", "patch.config.v2+json", Reason.MALFORMED_MANIFEST),
        row("sha256:", "sha512:", Reason.MALFORMED_MANIFEST),
        row("sha256:", "", Reason.MALFORMED_MANIFEST),
        row("sha256:", "sha256:A", Reason.MALFORMED_MANIFEST),
        row(config, "\"urls\": [], " + config, Reason.MALFORMED_MANIFEST),
        row(config, "\"size\": -1", Reason.MALFORMED_MANIFEST),
        row(config, "\"size\": 262145", Reason.TOO_LARGE),
        row("\"size\": 1,", "\"size\": 65537,", Reason.TOO_LARGE),
        row("weights.v1.safetensors", "weights.v2.safetensors", Reason.MALFORMED_MANIFEST),
        row("\"adapter_config.json\"", "\"adapter.json\"", Reason.MALFORMED_MANIFEST),
        row("\"adapter_config.json\"", "\"evaluation.json\"", Reason.MALFORMED_MANIFEST),
        row("signature-2.sig", "signature-1.sig", Reason.MALFORMED_MANIFEST),
        row("signature-2.sig", "x".repeat(101) + ".sig", Reason.MALFORMED_MANIFEST),
        row(
            "\"config\": {",
            "\"config\": {\"annotations\": {\"org.opencontainers.image.title\": 1},",
            Reason.MALFORMED_MANIFEST));
  }

  private static Arguments row(String from, String to, Reason reason) {
    return Arguments.of(from, to, reason);
  }

  /** Whatever a registry sends is printed by whoever asks it. */
  @Test
  void aDigestThatIsNoneIsQuotedAndCut() {
    String hostile = "\\u001b[2J" + "x".repeat(100_000);
    assertThatThrownBy(() -> OciManifest.parse(changed("sha256:", "sha256:" + hostile)))
        .hasMessageNotContaining("\u001b")
        .extracting(e -> String.valueOf(e.getMessage()).length())
        .satisfies(length -> assertThat(length).isLessThan(400));
  }

  private static byte[] changed(String from, String to) {
    String text = new String(GOOD.toBytes(), StandardCharsets.UTF_8);
    assertThat(text).contains(from);
    return text.replace(from, to).getBytes(StandardCharsets.UTF_8);
  }

  private static void assertRefused(Reason reason, byte[] manifest) {
    assertThatThrownBy(() -> OciManifest.parse(manifest))
        .isInstanceOf(RegistryException.class)
        .extracting("reason")
        .isEqualTo(reason);
  }

  @ParameterizedTest
  @MethodSource("rows")
  void refuses(String from, String to, Reason reason) {
    assertRefused(reason, changed(from, to));
  }

  @Test
  void acceptsWhatThoseAreMadeOfAndTheLimitsThemselves() {
    assertThat(OciManifest.parse(GOOD.toBytes())).isEqualTo(GOOD);
    String config = "\"size\": " + size("adapter_config.json");
    assertThat(OciManifest.parse(changed(config, "\"size\": 262144")).layers()).hasSize(5);
    assertThat(OciManifest.parse(changed("\"size\": 1,", "\"size\": 65536,")).layers()).hasSize(5);
    String title = "x".repeat(100) + ".sig";
    assertThat(OciManifest.parse(changed("signature-2.sig", title)).layers()).hasSize(5);
  }

  @Test
  void thirtySevenLayersAreAllowed() {
    assertThat(OciManifest.parse(withBundles(34).toBytes()).layers()).hasSize(37);
    assertRefused(Reason.TOO_MANY_LAYERS, withBundles(35).toBytes());
  }

  @Test
  void refusesAManifestWithoutPatchJson() {
    List<OciDescriptor> layers = new ArrayList<>(GOOD.layers());
    layers.removeIf(layer -> layer.title().equals("patch.json"));
    assertRefused(Reason.MALFORMED_MANIFEST, new OciManifest(GOOD.config(), layers).toBytes());
    OciManifest other = new OciManifest(GOOD.layers().get(1), GOOD.layers());
    assertRefused(Reason.MALFORMED_MANIFEST, other.toBytes());
  }

  @Test
  void aManifestOfAnotherTypeIsNamed() {
    String none = "\"artifactType\": \"application/vnd.patchkit.patch.v1\",";
    assertThatThrownBy(() -> OciManifest.parse(changed(none, "")))
        .hasMessageContaining("expected artifactType application/vnd.patchkit.patch.v1, found none")
        .hasMessageNotContaining("index");
    byte[] index =
        ("{\"mediaType\":\"" + OciManifest.INDEX_TYPE + "\",\"manifests\":[]}")
            .getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> OciManifest.parse(index))
        .hasMessageContaining("found '" + OciManifest.INDEX_TYPE + "' and an index");
  }

  /** What a registry says may end in a terminal or a log. */
  @Test
  void foreignTextIsShortAndPrintable() {
    assertThat(OciManifest.quote("a\u001b[31m\nb\u202e\u007f~ ")).isEqualTo("'a?[31m?b??~ '");
    String hundred = "x".repeat(100);
    assertThat(OciManifest.quote(hundred)).isEqualTo("'" + hundred + "'");
    assertThat(OciManifest.quote(hundred + "y")).isEqualTo("'" + hundred + "...'");
  }

  @Test
  void aManifestIsBounded() {
    byte[] good = GOOD.toBytes();
    byte[] most = Arrays.copyOf(good, OciManifest.MAX_BYTES);
    Arrays.fill(most, good.length, most.length, (byte) ' ');
    assertThat(OciManifest.parse(most)).isEqualTo(GOOD);
    byte[] more = Arrays.copyOf(most, most.length + 1);
    more[most.length] = ' ';
    assertRefused(Reason.MALFORMED_MANIFEST, more);
    assertRefused(Reason.MALFORMED_MANIFEST, "[]".getBytes(StandardCharsets.UTF_8));
  }
}
