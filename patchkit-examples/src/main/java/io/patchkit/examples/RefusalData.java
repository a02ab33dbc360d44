package io.patchkit.examples;

import io.patchkit.ChatMessage;
import io.patchkit.Prompt;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.StrictJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The small data set under {@code data/refusal}: requests to refuse and requests to answer, in the
 * same forms; its README says how it was made.
 */
final class RefusalData {

  private final Path folder;
  private final List<Refusal> refusals = new ArrayList<>();

  private RefusalData(Path folder) {
    this.folder = folder;
  }

  /** The data that the examples bring along. */
  static RefusalData shipped() {
    return new RefusalData(
        Path.of(System.getProperty("patchkit.examples", "."), "data", "refusal"));
  }

  /**
   * A request.
   *
   * @param text what a person asks
   * @param harmful whether it is to be refused
   * @param form its grammatical form, such as {@code imperative} or {@code question}
   * @param topic of a harmful request, else empty
   */
  record Request(String text, boolean harmful, String form, String topic) {

    Prompt prompt() {
      return Prompt.chat(List.of(ChatMessage.user(text)));
    }
  }

  /**
   * A way to refuse.
   *
   * @param topics what it fits
   */
  record Refusal(String text, List<String> topics) {}

  List<Request> harmfulTraining() throws IOException {
    return requests("harmful-train.jsonl");
  }

  List<Request> benignTraining() throws IOException {
    return requests("benign-train.jsonl");
  }

  /** Ordinary prose without any request, which the patched model shall go on with as before. */
  List<String> passages() throws IOException {
    List<String> passages = new ArrayList<>();
    for (JsonObject row : read("passages.jsonl")) {
      passages.add(row.string("text"));
    }
    return passages;
  }

  /** For choosing among states of a training. */
  List<Request> development() throws IOException {
    return requests("dev.jsonl");
  }

  /** The file for measuring. */
  Path testFile() {
    return folder.resolve("test.jsonl");
  }

  /** For measuring; never looked at in training. */
  List<Request> test() throws IOException {
    return requests("test.jsonl");
  }

  /**
   * The refusal that a harmful request is given: one that fits its topic, the next one each time.
   */
  String refusal(Request request, int index) throws IOException {
    List<String> fitting = new ArrayList<>();
    for (Refusal refusal : refusals()) {
      if (refusal.topics().contains(request.topic())) {
        fitting.add(refusal.text());
      }
    }
    return fitting.get(index % fitting.size());
  }

  private List<Refusal> refusals() throws IOException {
    if (refusals.isEmpty()) {
      for (JsonObject row : read("refusals.jsonl")) {
        refusals.add(new Refusal(row.string("refusal"), row.array("topics").strings()));
      }
    }
    return refusals;
  }

  private List<Request> requests(String file) throws IOException {
    List<Request> requests = new ArrayList<>();
    for (JsonObject row : read(file)) {
      String topic = row.optionalString("topic");
      requests.add(
          new Request(
              row.string("request"),
              topic != null,
              row.string("form"),
              topic == null ? "" : topic));
    }
    return requests;
  }

  private List<JsonObject> read(String file) throws IOException {
    List<JsonObject> rows = new ArrayList<>();
    for (String line : Files.readAllLines(folder.resolve(file))) {
      rows.add(
          StrictJson.parseObject(line.getBytes(StandardCharsets.UTF_8), JsonLimits.defaults()));
    }
    return rows;
  }
}
