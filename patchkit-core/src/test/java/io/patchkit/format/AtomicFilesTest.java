package io.patchkit.format;

import static io.patchkit.format.Crafted.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AtomicFilesTest {

  /** No file system allows a name this long, so that writing it fails. */
  private static final String TOO_LONG = "x".repeat(5000);

  @TempDir private Path folder;

  @Test
  void writesAFileAndReplacesIt() throws IOException {
    Path file = folder.resolve("patch.json");
    AtomicFiles.writeFile(file, utf8("one"));
    assertThat(file).hasContent("one");
    AtomicFiles.writeFile(file, utf8("two"));
    assertThat(file).hasContent("two");
    assertThat(names(folder)).containsExactly("patch.json");
  }

  @Test
  void aFileThatCannotBeReplacedStays() throws IOException {
    Path directory = Files.createDirectory(folder.resolve("d"));
    Files.writeString(directory.resolve("inside"), "kept");
    assertThatThrownBy(() -> AtomicFiles.writeFile(directory, utf8("new")))
        .isInstanceOf(IOException.class);
    assertThat(directory.resolve("inside")).hasContent("kept");
    assertThat(names(folder)).containsExactly("d");
  }

  @Test
  void writesADirectory() throws IOException {
    Path target = folder.resolve("patch");
    AtomicFiles.writeDirectory(target, Map.of("a", utf8("1"), "b.json", utf8("2")));
    assertThat(names(target)).containsExactly("a", "b.json");
    assertThat(target.resolve("b.json")).hasContent("2");
    assertThat(names(folder)).containsExactly("patch");
  }

  @Test
  void writesOverAnEmptyDirectory() throws IOException {
    Path target = Files.createDirectory(folder.resolve("patch"));
    AtomicFiles.writeDirectory(target, Map.of("a", utf8("1")));
    assertThat(names(target)).containsExactly("a");
  }

  @Test
  void refusesADirectoryWithSomethingInIt() throws IOException {
    Path target = folder.resolve("patch");
    AtomicFiles.writeDirectory(target, Map.of("a", utf8("1")));
    assertThatThrownBy(() -> AtomicFiles.writeDirectory(target, Map.of("a", utf8("2"))))
        .isInstanceOf(DirectoryNotEmptyException.class);
    assertThatThrownBy(
            () -> AtomicFiles.writeDirectory(target, directory -> fail("began to write")))
        .isInstanceOf(DirectoryNotEmptyException.class);
    assertThat(target.resolve("a")).hasContent("1");
    assertThat(names(folder)).containsExactly("patch");
  }

  @Test
  void whatComesToLieAtTheTargetInTheMeantimeStays() throws IOException {
    Path target = folder.resolve("patch");
    assertThatThrownBy(
            () ->
                AtomicFiles.writeDirectory(target, directory -> Files.writeString(target, "mine")))
        .isInstanceOf(IOException.class);
    assertThat(target).hasContent("mine");
    Files.delete(target);
    assertThatThrownBy(
            () ->
                AtomicFiles.writeDirectory(
                    target,
                    directory ->
                        Files.writeString(Files.createDirectory(target).resolve("inside"), "mine")))
        .isInstanceOf(IOException.class);
    assertThat(target.resolve("inside")).hasContent("mine");
    assertThat(names(folder)).containsExactly("patch");
  }

  @Test
  void theTargetMayBeSpelledInAnyWay() throws IOException {
    AtomicFiles.writeDirectory(folder.resolve("./patch"), Map.of("a", utf8("1")));
    AtomicFiles.writeFile(folder.resolve("patch/../patch/./b"), utf8("2"));
    assertThat(names(folder.resolve("patch"))).containsExactly("a", "b");
  }

  @Test
  void refusesATargetWithoutADirectoryAroundIt() {
    Path root = folder.toAbsolutePath().getRoot();
    assertThatThrownBy(() -> AtomicFiles.writeFile(root, utf8("1")))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void refusesAFileAndALink() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "kept");
    Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("nowhere"));
    for (Path target : List.of(file, link)) {
      assertThatThrownBy(() -> AtomicFiles.writeDirectory(target, Map.of("a", utf8("1"))))
          .isInstanceOf(FileAlreadyExistsException.class);
    }
    assertThat(file).hasContent("kept");
    assertThat(names(folder)).containsExactly("file", "link");
  }

  @Test
  void aFailureHalfWayLeavesNothing() throws IOException {
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("a", utf8("1"));
    files.put(TOO_LONG, utf8("2"));
    assertThatThrownBy(() -> AtomicFiles.writeDirectory(folder.resolve("patch"), files))
        .isInstanceOf(IOException.class);
    assertThat(names(folder)).isEmpty();
  }

  @Test
  void writesADirectoryPieceByPiece() throws IOException {
    Path target = folder.resolve("model");
    AtomicFiles.writeDirectory(
        target,
        directory -> {
          assertThat(names(directory)).isEmpty();
          assertThat(target).doesNotExist();
          Files.writeString(directory.resolve("a"), "1");
        });
    assertThat(target.resolve("a")).hasContent("1");
    assertThat(names(folder)).containsExactly("model");
  }

  @Test
  void anExceptionBetweenPiecesLeavesNothing() throws IOException {
    assertThatThrownBy(
            () ->
                AtomicFiles.writeDirectory(
                    folder.resolve("model"),
                    directory -> {
                      Files.writeString(directory.resolve("a"), "1");
                      throw new IllegalStateException("cancelled");
                    }))
        .hasMessage("cancelled");
    assertThat(names(folder)).isEmpty();
  }

  @Test
  void anErrorBetweenPiecesLeavesNothing() throws IOException {
    assertThatThrownBy(
            () ->
                AtomicFiles.writeDirectory(
                    folder.resolve("model"),
                    directory -> {
                      Files.writeString(directory.resolve("a"), "1");
                      throw new OutOfMemoryError("of the heap");
                    }))
        .isInstanceOf(OutOfMemoryError.class);
    assertThat(names(folder)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "..", "../a", "a/b", "/a", "a/", "./a", "a/../b"})
  void refusesNamesThatLeadElsewhere(String name) throws IOException {
    assertThatThrownBy(
            () -> AtomicFiles.writeDirectory(folder.resolve("patch"), Map.of(name, utf8("1"))))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(names(folder)).isEmpty();
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
