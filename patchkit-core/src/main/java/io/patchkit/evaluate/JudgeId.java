package io.patchkit.evaluate;

import java.util.Objects;

/**
 * Which judge said so; stands beside every figure.
 *
 * @param name not blank
 * @param version of the judge's rules or weights; may be empty where the judge has none
 */
public record JudgeId(String name, String version) {

  /** The measured model's own log-probabilities, which no judge interprets. */
  public static final JudgeId LOG_PROBABILITY = new JudgeId("log-probability", "");

  /** A clock. */
  public static final JudgeId CLOCK = new JudgeId("clock", "");

  /** Counting, without judging: words, tokens. */
  public static final JudgeId COUNT = new JudgeId("count", "");

  public JudgeId {
    Objects.requireNonNull(version, "version");
    if (name.isBlank()) {
      throw new IllegalArgumentException("name is blank; allowed: what people call the judge");
    }
  }

  /** Name and version. */
  @Override
  public String toString() {
    return version.isEmpty() ? name : name + " " + version;
  }
}
