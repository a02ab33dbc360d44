package io.patchkit.trust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.patchkit.trust.UntrustedPatchException.Code;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What an attacker or a careless signer may hand in. Each row makes one thing wrong of a patch that
 * verifies; {@link #acceptsThePatchBeforeItIsMadeHostile} shows that it does.
 */
class HostileInputTest {

  @TempDir Path folder;
  private Lab lab;

  @BeforeEach
  void sign() {
    lab = new Lab(folder);
  }

  @Test
  void acceptsThePatchBeforeItIsMadeHostile() {
    assertThat(lab.verify().patch().manifest().name()).isEqualTo("refuse-harm");
  }

  @ParameterizedTest
  @MethodSource("rows")
  void refuses(HostileInput row) throws Exception {
    row.attack().on(lab);
    UntrustedPatchException refusal =
        catchThrowableOfType(UntrustedPatchException.class, () -> lab.verify());
    assertThat(refusal).as(row.what()).isNotNull();
    assertThat(refusal.code()).as(refusal.getMessage()).isEqualTo(row.code());
  }

  @Test
  void everyCodeHasItsRow() {
    Set<Code> tested = EnumSet.noneOf(Code.class);
    rows().forEach(row -> tested.add(row.code()));
    assertThat(tested).containsExactlyInAnyOrder(Code.values());
  }

  static List<HostileInput> rows() {
    List<HostileInput> rows = new ArrayList<>();
    rows.addAll(HostileSignatures.rows());
    rows.addAll(HostileStatements.rows());
    rows.addAll(HostilePackages.packages());
    rows.addAll(HostilePackages.contents());
    return rows;
  }
}
