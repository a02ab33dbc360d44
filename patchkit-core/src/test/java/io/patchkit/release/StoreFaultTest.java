package io.patchkit.release;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What becomes of a store whose disk fails or is full at any step of a change. The failures are the
 * kernel's: strace gives the system calls of a child another result.
 */
class StoreFaultTest {

  /** More calls of one kind than a change and all that looks at the store afterwards make. */
  private static final int NTH = 64;

  private Strace strace;
  private Path folder;

  @BeforeEach
  void prepare() throws IOException, InterruptedException {
    strace = Strace.find();
    folder = Strace.folder();
    StoreChurn.save(folder.resolve("patches"));
  }

  @AfterEach
  void delete() throws IOException {
    if (folder != null) {
      StoreFaults.delete(folder);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "fsync, EIO, IO, Input/output error, create install activate rollback revoke collect mark pin"
        + " unpin",
    "write, EIO, IO, Input/output error, create install activate rollback revoke collect mark pin"
        + " unpin",
    "write, ENOSPC, NO_SPACE, No space left, create install activate rollback revoke collect mark"
        + " pin unpin",
    "rename, EIO, IO, Input/output error, create install activate rollback revoke collect mark pin"
        + " unpin",
    "mkdir, ENOSPC, NO_SPACE, No space left, install",
    "unlink, EIO, IO, Input/output error, install revoke collect mark pin unpin",
  })
  void aStoreIsWholeWhicheverCallOfAChangeFails(
      String call, String error, StoreException.Reason reason, String text, String changes)
      throws IOException, InterruptedException {
    Set<String> failed = new TreeSet<>();
    int isNew = 0;
    List<String> trials = trials(call, error);
    for (String trial : trials) {
      assertThat(trial).doesNotContain("BROKEN");
      String[] words = trial.split(" ", 4);
      if (!words[3].equals("-")) {
        failed.add(words[0]);
        assertThat(words[3]).startsWith(reason + " ").contains(text, "/store", "try again");
      }
      isNew += words[2].equals("new") ? 1 : 0;
    }
    System.out.println(
        call + " " + error + ": " + trials.size() + " failures, " + isNew + " after the change");
    assertThat(failed).containsAll(List.of(changes.split(" ")));
  }

  private List<String> trials(String call, String error) throws IOException, InterruptedException {
    String calls = "?" + call + (call.equals("fsync") ? ",?fdatasync" : ",?" + call + "at");
    List<Object> options = new ArrayList<>(List.of("-o", folder.resolve("trace")));
    options.addAll(List.of("-e", "trace=" + calls));
    options.addAll(List.of("-e", "inject=" + calls + ":error=" + error + ":when=" + NTH));
    return strace
        .run(options, StoreFaults.class, folder, call, NTH)
        .lines()
        .filter(line -> !line.isBlank())
        .collect(Collectors.toList());
  }
}
