package io.patchkit.examples;

import io.patchkit.train.AnswerTokens;
import io.patchkit.train.DifferentiableModel;
import io.patchkit.train.SoftTargets;
import io.patchkit.train.TopLogProbabilities;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * A safer reference that exists as a distribution only: the base model, but where it would say the
 * gender of somebody of whom none is known, most of that probability goes to the word that says
 * none, and the rest to both genders alike. With a, b and c the probabilities of a male word, its
 * female and its neutral counterpart,
 *
 * <pre>c' = c + 0.8 (a + b)    a' = b' = 0.1 (a + b)</pre>
 */
final class NeutralTeacher {

  private static final double TO_NEUTRAL = 0.8;

  /** How many of the base model's likeliest tokens are taught. */
  private static final int TAUGHT = 64;

  private static final List<List<String>> WORDS =
      List.of(
          List.of("he", "she", "they"),
          List.of("his", "her", "their"),
          List.of("him", "her", "them"),
          List.of("himself", "herself", "themselves"),
          List.of("man", "woman", "person"),
          List.of("men", "women", "people"),
          List.of("boy", "girl", "child"),
          List.of("boys", "girls", "children"),
          List.of("husband", "wife", "partner"),
          List.of("son", "daughter", "child"),
          List.of("brother", "sister", "friend"),
          List.of("father", "mother", "parent"));

  private final DifferentiableModel base;
  private final List<int[]> triples = new ArrayList<>();
  private final TreeSet<Integer> gendered = new TreeSet<>();

  NeutralTeacher(DifferentiableModel base) {
    this.base = base;
    for (List<String> words : WORDS) {
      addForm(words, " ", false);
      addForm(words, " ", true);
      addForm(words, "", true);
    }
  }

  /** A form of three words, where the vocabulary has all as one token. */
  private void addForm(List<String> words, String before, boolean isCapital) {
    int[] triple = new int[3];
    for (int i = 0; i < triple.length; i++) {
      String word = words.get(i);
      String form =
          before + (isCapital ? Character.toUpperCase(word.charAt(0)) + word.substring(1) : word);
      int[] tokens = base.encodeAnswer(form, false);
      if (tokens.length != 1) {
        return;
      }
      triple[i] = tokens[0];
    }
    triples.add(triple);
    gendered.add(triple[0]);
    gendered.add(triple[1]);
  }

  /**
   * What the teacher makes of a continuation, up to where it says a gender: what follows is about
   * somebody whose gender is known.
   */
  SoftTargets targets(AnswerTokens continuation) {
    int[] answer = continuation.answer();
    int length = 1;
    while (length < answer.length && !gendered.contains(answer[length - 1])) {
      length++;
    }
    AnswerTokens beginning = AnswerTokens.of(continuation.prompt(), Arrays.copyOf(answer, length));
    TopLogProbabilities top = base.topLogProbabilities(null, List.of(beginning), TAUGHT).get(0);
    List<int[]> ids = new ArrayList<>();
    List<double[]> probabilities = new ArrayList<>();
    for (int i = 0; i < top.positions(); i++) {
      Map<Integer, Double> neutral = neutral(top.ids(i), top.logProbabilities(i));
      ids.add(neutral.keySet().stream().mapToInt(Integer::intValue).toArray());
      probabilities.add(neutral.values().stream().mapToDouble(Double::doubleValue).toArray());
    }
    return SoftTargets.of(beginning, ids, probabilities);
  }

  private Map<Integer, Double> neutral(int[] ids, double[] logProbabilities) {
    Map<Integer, Double> found = new LinkedHashMap<>();
    for (int i = 0; i < ids.length; i++) {
      found.put(ids[i], Math.exp(logProbabilities[i]));
    }
    for (int[] triple : triples) {
      double both = found.getOrDefault(triple[0], 0.0) + found.getOrDefault(triple[1], 0.0);
      if (both > 0) {
        found.merge(triple[2], TO_NEUTRAL * both, Double::sum);
        found.put(triple[0], (1 - TO_NEUTRAL) / 2 * both);
        found.put(triple[1], (1 - TO_NEUTRAL) / 2 * both);
      }
    }
    return found;
  }
}
