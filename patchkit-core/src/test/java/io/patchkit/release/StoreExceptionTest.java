package io.patchkit.release;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StoreExceptionTest {

  /** The page of errors has a row for the exception, which says for each reason what to do. */
  @ParameterizedTest
  @EnumSource(StoreException.Reason.class)
  void isExplainedWithItsReason(StoreException.Reason reason) throws IOException {
    assertThat(Files.readAllLines(Path.of("../docs/errors.md")))
        .filteredOn(line -> line.startsWith("| `StoreException`"))
        .singleElement()
        .asString()
        .contains("`" + reason + "`");
  }
}
