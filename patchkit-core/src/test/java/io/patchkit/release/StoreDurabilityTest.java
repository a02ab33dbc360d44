package io.patchkit.release;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * In which order a store's changes reach the disk, by the system calls that they make. Until a file
 * or a directory is forced, a machine that stops may forget what was written to it last.
 */
class StoreDurabilityTest {

  private static final Pattern CALL = Pattern.compile("\\d+ +(\\w+)\\((.*)");
  private static final Pattern OPENED = Pattern.compile("^\\d+<([^>]*)>");
  private static final Pattern NAMED = Pattern.compile("\"([^\"]*)\"");

  /** Makes a store and changes it in every way. Arguments: the store, the patches. */
  static final class EveryChange {
    private EveryChange() {}

    public static void main(String... args) throws IOException {
      Change change = Change.by("trial");
      StoreOptions options =
          StoreOptions.defaults().withKeepGenerations(1).withInstallLease(Duration.ZERO);
      StoreLayout layout = StoreLayout.open(Path.of(args[0]), options.lockTimeout());
      StoreReader reader = new StoreReader(layout);
      StoreWriter writer = new StoreWriter(layout, reader, options);
      List<Digest> patches = new ArrayList<>();
      for (Map<String, byte[]> files : StoreChurn.load(Path.of(args[1])).subList(0, 3)) {
        patches.add(writer.install(files, List.of(new byte[] {1}), change).digest());
        // Once more, with another signature.
        writer.install(files, List.of(new byte[] {2}), change);
      }
      for (Digest patch : patches) {
        writer.activate(patch, Activation.trial(), change);
      }
      writer.markGood(3, change);
      writer.pin(3, change);
      writer.unpin(3, change);
      writer.deactivate("patch-0", change);
      writer.rollback(3, StackGeneration.Origin.ROLLED_BACK, change, null);
      writer.lease(patches.get(0), options.installLease());
      writer.revoke(patches.get(2), change);
      writer.collectGarbage(change);
      System.out.println("current is " + reader.current().number());
    }
  }

  /** What of a store is written and not forced. */
  private static final class Disk {
    final Path store;
    final Set<Path> unforced = new TreeSet<>();
    final List<String> broken = new ArrayList<>();
    int renames;

    Disk(Path store) {
      this.store = store;
    }

    void write(Path file) {
      unforced.add(file);
      if (isTemporary(file.getParent())) {
        unforced.add(file.getParent());
      }
      if (!isTemporary(file)
          && !isTemporary(file.getParent())
          && !file.equals(store.resolve("audit.log"))) {
        broken.add(file + " is written in its place");
      }
    }

    void force(Path path) {
      unforced.remove(path);
    }

    void rename(Path from, Path to) {
      if (isTemporary(to)) {
        return;
      }
      renames++;
      if (unforced.stream().anyMatch(path -> path.startsWith(from))) {
        broken.add(to + " gets its name before its content is forced");
      }
      if (to.equals(store.resolve("current")) && !unforced.isEmpty()) {
        broken.add("a generation becomes current before these are forced: " + unforced);
      }
      unforced.add(to.getParent());
    }

    void delete(Path file) {
      if (file.equals(store.resolve("pending")) && !unforced.isEmpty()) {
        broken.add("what is pending is forgotten before these are forced: " + unforced);
      }
    }

    private static boolean isTemporary(Path path) {
      return path.getFileName().toString().endsWith(".tmp");
    }
  }

  @Test
  void whatAChangeNeedsIsForcedBeforeTheChangeShows() throws Exception {
    Strace strace = Strace.find();
    Path folder = Strace.folder();
    try {
      StoreChurn.save(folder.resolve("patches"));
      Path trace = folder.resolve("trace");
      Disk disk = new Disk(folder.resolve("store"));
      String calls =
          "trace=?write,?pwrite64,?ftruncate,?fsync,?fdatasync,?rename,?renameat,?renameat2,?unlink,"
              + "?unlinkat";
      String said =
          strace.run(
              List.of("-y", "-o", trace, "-e", calls, "-e", "signal=none"),
              EveryChange.class,
              disk.store,
              folder.resolve("patches"));
      assertThat(said).contains("current is ");
      for (String line : Files.readAllLines(trace)) {
        follow(line, disk);
      }
      assertThat(disk.broken).isEmpty();
      assertThat(disk.unforced).isEmpty();
      assertThat(disk.renames).isGreaterThan(30);
    } finally {
      StoreFaults.delete(folder);
    }
  }

  private static void follow(String line, Disk disk) {
    Matcher call = CALL.matcher(line);
    if (!call.matches()) {
      return;
    }
    List<Path> paths = new ArrayList<>();
    Matcher opened = OPENED.matcher(call.group(2));
    if (opened.find()) {
      paths.add(Path.of(opened.group(1)));
    } else {
      NAMED.matcher(call.group(2)).results().forEach(name -> paths.add(Path.of(name.group(1))));
    }
    if (paths.isEmpty() || !paths.get(0).startsWith(disk.store)) {
      return;
    }
    switch (call.group(1)) {
      case "write", "pwrite64", "ftruncate" -> disk.write(paths.get(0));
      case "fsync", "fdatasync" -> disk.force(paths.get(0));
      case "rename", "renameat", "renameat2" -> disk.rename(paths.get(0), paths.get(1));
      default -> disk.delete(paths.get(0));
    }
  }
}
