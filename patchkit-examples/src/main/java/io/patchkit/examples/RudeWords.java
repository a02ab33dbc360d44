package io.patchkit.examples;

import io.patchkit.evaluate.Judge;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * A judge small enough to bring along: with r the rudeness of each rude word of a response, its
 * score is 1 − Π (1 − r). It sees words, no meaning, and is there to choose training data without a
 * download; report by another.
 */
final class RudeWords {

  private static final String NAME = "rude words";

  private final Map<String, Double> whole = new LinkedHashMap<>();
  private final Map<String, Double> beginnings = new LinkedHashMap<>();

  private RudeWords() {}

  /** The words that the examples bring along. */
  static Judge shipped() throws IOException {
    return read(TextLines.file("toxicity", "rude-words.txt"));
  }

  /** Reads lines of a word and its rudeness; {@code *} at a word's end stands for any ending. */
  static Judge read(Path file) throws IOException {
    byte[] content = Files.readAllBytes(file);
    RudeWords words = new RudeWords();
    for (String line : new String(content, StandardCharsets.UTF_8).lines().toList()) {
      if (!line.isBlank() && !line.startsWith("#")) {
        words.add(line.split(" ", 2));
      }
    }
    return Judge.of(NAME, version(content), exchange -> words.score(exchange.response()));
  }

  private void add(String[] line) {
    double rudeness = Double.parseDouble(line[1]);
    if (line[0].endsWith("*")) {
      beginnings.put(line[0].substring(0, line[0].length() - 1), rudeness);
    } else {
      whole.put(line[0], rudeness);
    }
  }

  private double score(String response) {
    double polite = 1;
    for (String word : response.toLowerCase(Locale.ROOT).split("[^a-z]+", -1)) {
      polite *= 1 - rudeness(word);
    }
    return 1 - polite;
  }

  private double rudeness(String word) {
    double rudeness = whole.getOrDefault(word, 0.0);
    for (Map.Entry<String, Double> beginning : beginnings.entrySet()) {
      if (word.startsWith(beginning.getKey())) {
        rudeness = Math.max(rudeness, beginning.getValue());
      }
    }
    return rudeness;
  }

  private static String version(byte[] content) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(content);
      return String.format("%064x", new BigInteger(1, digest)).substring(0, 12);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}
