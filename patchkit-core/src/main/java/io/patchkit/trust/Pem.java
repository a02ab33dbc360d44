package io.patchkit.trust;

import io.patchkit.PatchkitException;
import io.patchkit.trust.UnusableKeyException.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** PEM texts of one key (RFC 7468, its strict grammar): 64 columns, line feeds, a final one. */
final class Pem {

  static final String PUBLIC_KEY = "PUBLIC KEY";
  static final String PRIVATE_KEY = "PRIVATE KEY";

  /** Far more than the longest key of the three curves needs. */
  static final int MAX_CHARACTERS = 4096;

  private Pem() {}

  static String write(String label, byte[] der) {
    return begin(label)
        + "\n"
        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
        + "\n"
        + end(label)
        + "\n";
  }

  /** The DER of a text with one PEM block. Carriage returns and space around it do not matter. */
  static byte[] read(String label, String text) {
    String pem = text.strip().replace("\r\n", "\n");
    String body = "";
    if (pem.length() <= MAX_CHARACTERS
        && pem.startsWith(begin(label) + "\n")
        && pem.endsWith("\n" + end(label))
        && pem.length() > begin(label).length() + end(label).length() + 2) {
      body = pem.substring(begin(label).length() + 1, pem.length() - end(label).length() - 1);
    }
    try {
      byte[] der = Base64.getDecoder().decode(body.replace("\n", ""));
      if (der.length > 0) {
        return der;
      }
    } catch (IllegalArgumentException e) {
      throw notPem(label, text, e);
    }
    throw notPem(label, text, null);
  }

  /** The text of a key file, which is short. */
  static String load(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      return new String(in.readNBytes(MAX_CHARACTERS + 1), StandardCharsets.US_ASCII);
    } catch (IOException e) {
      throw new PatchkitException("cannot read the key file " + file + ": " + e, e);
    }
  }

  private static UnusableKeyException notPem(String label, String text, @Nullable Throwable cause) {
    String message =
        "expected a PEM text from '" + begin(label) + "' to '" + end(label) + "', " + found(text);
    return cause == null
        ? new UnusableKeyException(Reason.NOT_PEM, message)
        : new UnusableKeyException(Reason.NOT_PEM, message, cause);
  }

  /** Names the usual mix-ups and shows nothing else: the text may be a secret. */
  private static String found(String text) {
    if (text.contains(begin("EC PRIVATE KEY"))) {
      return "found a SEC 1 private key; convert it with openssl pkcs8 -topk8 -nocrypt";
    }
    if (text.contains(begin("ENCRYPTED PRIVATE KEY"))) {
      return "found an encrypted private key; decrypt it with openssl pkcs8 -topk8 -nocrypt";
    }
    if (text.contains(begin(PRIVATE_KEY))) {
      return "found a private key";
    }
    if (text.contains(begin(PUBLIC_KEY))) {
      return "found a public key";
    }
    if (text.contains(begin("CERTIFICATE"))) {
      return "found a certificate; take its key with openssl x509 -pubkey -noout";
    }
    return "found other text of " + text.length() + " characters";
  }

  private static String begin(String label) {
    return "-----BEGIN " + label + "-----";
  }

  private static String end(String label) {
    return "-----END " + label + "-----";
  }
}
