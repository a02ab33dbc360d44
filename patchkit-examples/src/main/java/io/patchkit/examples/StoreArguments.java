package io.patchkit.examples;

import io.patchkit.release.Change;
import io.patchkit.release.Digest;
import io.patchkit.release.InstalledPatch;
import io.patchkit.release.PatchStore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** The store that a command works on, and who works on it. */
final class StoreArguments {

  @Option(
      names = "--store",
      required = true,
      paramLabel = "STORE",
      description = "the store's directory, made if it is not there")
  private Path directory = Path.of("");

  @Option(
      names = "--actor",
      defaultValue = "${sys:user.name}",
      description = "who does it, for the audit log (default: ${DEFAULT-VALUE})")
  private String actor = "";

  @Option(names = "--reason", defaultValue = "", description = "why, for the audit log")
  private String reason = "";

  PatchStore store() {
    return PatchStore.open(directory);
  }

  Change change() {
    return new Change(actor, reason);
  }

  /** The installed patch that a text names: NAME, NAME-VERSION or the start of its identity. */
  static InstalledPatch find(PatchStore store, String text) {
    List<InstalledPatch> found = new ArrayList<>();
    List<String> ids = new ArrayList<>();
    for (InstalledPatch patch : store.status().installed()) {
      ids.add(patch.id());
      if (patch.id().equals(text)
          || patch.name().equals(text)
          || (text.length() >= 6 && patch.digest().hex().startsWith(text))) {
        found.add(patch);
      }
    }
    if (found.size() == 1) {
      return found.get(0);
    }
    if (found.isEmpty() && text.matches("[0-9a-f]{64}")) {
      return store.installed(new Digest(text));
    }
    throw new IllegalArgumentException(
        "patch is '"
            + text
            + "', which "
            + found.size()
            + " installed patches match; allowed: one of "
            + ids);
  }
}
