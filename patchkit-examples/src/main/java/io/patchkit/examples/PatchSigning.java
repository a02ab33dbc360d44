package io.patchkit.examples;

import io.patchkit.Patch;
import io.patchkit.PatchManifest;
import io.patchkit.format.AtomicFiles;
import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonObject;
import io.patchkit.trust.Curve;
import io.patchkit.trust.Signer;
import io.patchkit.trust.TrustedKey;
import io.patchkit.trust.VerifiedPatch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Commands that need no registry and no store. */
final class PatchSigning {

  private PatchSigning() {}

  @Command(
      name = "keygen",
      description = "Makes a signing key, and its public half beside it.",
      mixinStandardHelpOptions = true)
  static JsonObject keygen(
      @Option(
              names = "--key",
              defaultValue = "key.pem",
              description = "where the private key goes (default: ${DEFAULT-VALUE})")
          Path key,
      @Option(
              names = "--public-key",
              defaultValue = "key.pub",
              description = "where the public key goes (default: ${DEFAULT-VALUE})")
          Path publicKey,
      @Option(
              names = "--curve",
              defaultValue = "P256",
              description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE})")
          Curve curve)
      throws IOException {
    for (Path file : List.of(key, publicKey)) {
      if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
        throw new FileAlreadyExistsException(
            file + " is there; a key is never overwritten: name another file");
      }
    }
    Signer signer = Signer.generate(curve);
    createPrivate(key);
    Files.writeString(key, signer.toPem());
    AtomicFiles.writeFile(
        publicKey, signer.verificationKey().toPem().getBytes(StandardCharsets.US_ASCII));
    return JsonObject.builder()
        .put("key", key.toString())
        .put("publicKey", publicKey.toString())
        .put("keyId", signer.verificationKey().keyId())
        .build();
  }

  /** Readable for its owner alone before there is anything to read. */
  private static void createPrivate(Path file) throws IOException {
    if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    } else {
      Files.createFile(file);
    }
  }

  @Command(
      name = "sign",
      description = "Signs a patch directory as an OpenSSF Model Signing bundle.",
      mixinStandardHelpOptions = true)
  static JsonObject sign(
      @Parameters(paramLabel = "DIR", description = "the patch") Path directory,
      @Option(names = "--key", required = true, description = "the private key (PEM)") Path key,
      @Option(names = "--out", required = true, description = "the bundle, not in DIR") Path out)
      throws IOException {
    if (out.toAbsolutePath().normalize().startsWith(directory.toAbsolutePath().normalize())) {
      throw new IllegalArgumentException(
          "--out is " + out + "; allowed: a place outside of what is signed");
    }
    Signer signer = Signer.load(key);
    Patch patch = Patch.load(directory);
    AtomicFiles.writeFile(out, signer.sign(directory));
    return JsonObject.builder()
        .put("patch", patch.id())
        .put("signature", out.toString())
        .put("keyId", signer.verificationKey().keyId())
        .build();
  }

  @Command(
      name = "verify",
      description = "Verifies a patch directory; status 3 if it is not trusted.",
      mixinStandardHelpOptions = true)
  static JsonObject verify(
      @Parameters(paramLabel = "DIR", description = "the patch") Path directory,
      @Option(names = "--signature", required = true, description = "a bundle; may be repeated")
          List<Path> signatures,
      @Mixin TrustOptions trust) {
    return describe(VerifiedPatch.verify(directory, signatures, trust.policy(), Clock.systemUTC()));
  }

  static JsonObject describe(VerifiedPatch patch) {
    List<String> signers = new ArrayList<>();
    for (TrustedKey signer : patch.signers()) {
      signers.add(signer.key().keyId());
    }
    return JsonObject.builder()
        .put("patch", patch.patch().id())
        .put("identity", patch.identity())
        .put("verified", true)
        .put("signers", JsonArray.ofStrings(signers))
        .build();
  }

  @Command(
      name = "inspect",
      description = "Says what a patch says of itself. Nothing is verified.",
      mixinStandardHelpOptions = true)
  static JsonObject inspect(
      @Parameters(paramLabel = "DIR", description = "the patch") Path directory) {
    Patch patch = Patch.load(directory);
    PatchManifest manifest = patch.manifest();
    return JsonObject.builder()
        .put("patch", patch.id())
        .put("verified", false)
        .put("slot", manifest.slot())
        .put("prefix", patch.prefix().toString())
        .put("base", manifest.base().name())
        .put("fingerprints", JsonArray.ofStrings(manifest.base().fingerprints()))
        .put("requires", JsonArray.ofStrings(manifest.composition().requires()))
        .put("conflicts", JsonArray.ofStrings(manifest.composition().conflicts()))
        .put("replaces", JsonArray.ofStrings(manifest.composition().replaces()))
        .put("description", manifest.description())
        .put("licence", manifest.licence())
        .put("created", manifest.created().toString())
        .build();
  }
}
