package io.patchkit.release;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * A P-256 key and a certificate that it signed itself, for localhost.
 *
 * @param store has both under {@code server}
 */
record TestCertificate(KeyStore store) {

  private static final char[] PASSWORD = "password".toCharArray();

  /** Makes one with the JDK's keytool. */
  static TestCertificate make(Path folder)
      throws GeneralSecurityException, IOException, InterruptedException {
    Path keys = Files.createTempFile(folder, "keys", ".p12");
    Files.delete(keys);
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-dname",
                "CN=localhost",
                "-ext",
                "san=dns:localhost,ip:127.0.0.1",
                "-validity",
                "2",
                "-storetype",
                "PKCS12",
                "-keystore",
                keys.toString(),
                "-storepass",
                "password",
                "-alias",
                "server")
            .inheritIO()
            .start();
    assertThat(keytool.waitFor()).isZero();
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(keys)) {
      store.load(in, PASSWORD);
    }
    return new TestCertificate(store);
  }

  X509Certificate certificate() throws GeneralSecurityException {
    return (X509Certificate) store.getCertificate("server");
  }

  PrivateKey key() throws GeneralSecurityException {
    return (PrivateKey) store.getKey("server", PASSWORD);
  }

  /** TLS that shows the certificate, and trusts it alone. */
  SSLContext context() throws GeneralSecurityException, IOException {
    KeyManagerFactory identity = KeyManagerFactory.getInstance("PKIX");
    identity.init(store, PASSWORD);
    KeyStore anchors = KeyStore.getInstance("PKCS12");
    anchors.load(null, null);
    anchors.setCertificateEntry("server", certificate());
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(anchors);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(identity.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  Path writeCertificate(Path file) throws GeneralSecurityException, IOException {
    return write(file, "CERTIFICATE", certificate().getEncoded());
  }

  Path writeKey(Path file) throws GeneralSecurityException, IOException {
    return write(file, "PRIVATE KEY", key().getEncoded());
  }

  private static Path write(Path file, String type, byte[] der) throws IOException {
    String body =
        Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(der);
    return Files.writeString(
        file, "-----BEGIN " + type + "-----\n" + body + "\n-----END " + type + "-----\n");
  }
}
