package io.patchkit.trust;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * A signed patch that verifies, and the means of making it hostile: its files, its statement, its
 * bundle, its policy. What a change does not concern stays valid, signatures included, so that the
 * one check is all that stands between it and acceptance.
 */
final class Lab {

  static final Signer ALICE = Signer.generate(Curve.P256);
  static final Signer BOB = Signer.generate(Curve.P384);
  static final Signer MALLORY = Signer.generate(Curve.P256);

  static final String CONFIG = "adapter_config.json";
  static final String WEIGHTS = "adapter_model.safetensors";

  final Path directory;
  final List<byte[]> bundles = new ArrayList<>();
  TrustPolicy policy = TrustPolicy.of(ALICE.verificationKey());

  Lab(Path folder) {
    directory = SamplePatch.save(folder.resolve("refuse-harm"), "refuse-harm");
    bundles.add(ALICE.sign(directory));
  }

  VerifiedPatch verify() {
    return VerifiedPatch.verify(PatchFiles.read(directory), bundles, policy, SamplePatch.CLOCK);
  }

  byte[] content(String name) throws IOException {
    return Files.readAllBytes(directory.resolve(name));
  }

  Path write(String name, String text) throws IOException {
    Path file = directory.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  /** Flips one bit of a file. */
  void flip(String name, int bit) throws IOException {
    byte[] bytes = content(name);
    bytes[bytes.length - 1] ^= (byte) (1 << bit);
    Files.write(directory.resolve(name), bytes);
  }

  /** Changes the text of {@code patch.json} and signs what came of it. */
  void manifest(String from, String to) throws IOException {
    String text = Files.readString(directory.resolve("patch.json"));
    Files.writeString(directory.resolve("patch.json"), replaced(text, from, to));
    signAsItIs();
  }

  /** Replaces a file, lists it as it is, and signs what came of it. */
  void replace(String name, byte[] content) throws IOException {
    byte[] before = content(name);
    Files.write(directory.resolve(name), content);
    String text = Files.readString(directory.resolve("patch.json"));
    text = replaced(text, Sha256.hex(before), Sha256.hex(content));
    text =
        replaced(
            text,
            "\"name\": \"%s\",\n      \"size\": %d".formatted(name, before.length),
            "\"name\": \"%s\",\n      \"size\": %d".formatted(name, content.length));
    Files.writeString(directory.resolve("patch.json"), text);
    signAsItIs();
  }

  /** Alice signs the files that lie there, valid patch or not. */
  void signAsItIs() throws IOException {
    Map<String, String> digests = new TreeMap<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        digests.put(file.getFileName().toString(), Sha256.hex(Files.readAllBytes(file)));
      }
    }
    sign(Statement.of("refuse-harm-1.2.0", digests).toBytes());
  }

  /** Replaces the bundle by Alice's over this payload. */
  void sign(byte[] payload) {
    bundles.set(0, SignatureBundle.sign(payload, ALICE));
  }

  String statement() {
    return new String(
        Base64.getDecoder().decode(field(new String(bundles.get(0), UTF_8), "payload")), UTF_8);
  }

  /** Alice signs a changed statement. */
  void statement(UnaryOperator<String> change) {
    sign(change.apply(statement()).getBytes(UTF_8));
  }

  void statement(String from, String to) {
    statement(text -> replaced(text, from, to));
  }

  /** Changes the text of the bundle, which no signature covers. */
  void bundle(String from, String to) {
    bundles.set(0, replaced(new String(bundles.get(0), ISO_8859_1), from, to).getBytes(ISO_8859_1));
  }

  /** Puts other bytes in the place of the signature. */
  void signature(String hex) {
    signature(HexFormat.of().parseHex(hex));
  }

  void signature(byte[] der) {
    bundle(sig(), Base64.getEncoder().encodeToString(der));
  }

  byte[] signature() {
    return Base64.getDecoder().decode(sig());
  }

  String sig() {
    return field(new String(bundles.get(0), UTF_8), "sig");
  }

  static String field(String json, String name) {
    int begin = json.indexOf("\"" + name + "\": \"") + name.length() + 5;
    return json.substring(begin, json.indexOf('"', begin));
  }

  static String replaced(String text, String from, String to) {
    if (!text.contains(from)) {
      throw new AssertionError("nothing to replace: " + from + " in " + text);
    }
    return text.replace(from, to);
  }
}
