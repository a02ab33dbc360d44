package io.patchkit.examples;

import io.patchkit.trust.TrustPolicy;
import io.patchkit.trust.TrustedKey;
import io.patchkit.trust.VerificationKey;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Whom a command trusts. */
final class TrustOptions {

  @Option(
      names = "--public-key",
      required = true,
      paramLabel = "FILE",
      description = "a key that is trusted (PEM); may be given several times")
  private List<Path> keys = List.of();

  @Option(
      names = "--threshold",
      defaultValue = "1",
      paramLabel = "N",
      description = "how many of the keys must have signed (default: ${DEFAULT-VALUE})")
  private int threshold = 1;

  TrustPolicy policy() {
    List<TrustedKey> trusted = new ArrayList<>();
    for (Path key : keys) {
      trusted.add(TrustedKey.of(VerificationKey.load(key)));
    }
    return TrustPolicy.of(trusted).withThreshold(threshold);
  }
}
