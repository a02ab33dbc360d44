package io.patchkit;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Documents made wrong at random: bytes flipped, cut, repeated, replaced by words of the format.
 */
public final class Mutants {

  private static final List<String> WORDS =
      List.of(
          "{",
          "}",
          "[",
          "]",
          "\"",
          ",",
          ":",
          "null",
          "true",
          "-1",
          "0",
          "1e9",
          "9".repeat(40),
          "\\",
          "\\u0000",
          "\\ud800",
          "\u00e9",
          "[[[[",
          "{\"\":",
          "..",
          "/",
          "\n");

  private Mutants() {}

  /** One to four changes of the document, all decided by the seed. */
  public static byte[] of(byte[] document, long seed) {
    Random random = new Random(seed);
    byte[] mutant = document.clone();
    for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
      int at = random.nextInt(mutant.length + 1);
      int end = Math.min(mutant.length, at + random.nextInt(40));
      mutant =
          switch (random.nextInt(6)) {
            case 0 -> splice(mutant, at, at, new byte[] {(byte) random.nextInt()});
            case 1 -> splice(mutant, at, end, new byte[0]);
            case 2 -> splice(mutant, at, at, Arrays.copyOfRange(mutant, at, end));
            case 3 -> splice(mutant, at, end, word(random));
            case 4 -> splice(mutant, at, at, word(random));
            default -> splice(mutant, at, Math.min(mutant.length, at + 1), word(random));
          };
    }
    return mutant;
  }

  private static byte[] word(Random random) {
    return WORDS.get(random.nextInt(WORDS.size())).getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] splice(byte[] document, int begin, int end, byte[] middle) {
    byte[] spliced = new byte[document.length - (end - begin) + middle.length];
    System.arraycopy(document, 0, spliced, 0, begin);
    System.arraycopy(middle, 0, spliced, begin, middle.length);
    System.arraycopy(document, end, spliced, begin + middle.length, document.length - end);
    return spliced;
  }
}
