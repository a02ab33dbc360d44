package io.patchkit.onnx.text.jinja;

/** One run of a template: where its text goes and what it may still spend. */
final class Rendering {

  /**
   * Units of work: one for each node evaluated and each character made, so about a second and some
   * tens of megabytes.
   */
  private static final long MAX_WORK = 16 << 20;

  /** More of them for each character given. Templates copy a message some ten times. */
  private static final long WORK_PER_CHARACTER = 64;

  private static final int MAX_MACRO_DEPTH = 100;

  private final long limit;
  private StringBuilder out = new StringBuilder();
  private long work;
  private int macroDepth;

  /**
   * @param given how many characters the variables have
   */
  Rendering(long given) {
    limit = MAX_WORK + WORK_PER_CHARACTER * given;
  }

  /** Accounts for work before it is done. */
  void charge(long units) {
    work += units;
    if (work > limit) {
      throw new JinjaLimitException(
          "the template does more than " + limit + " steps; expected far fewer");
    }
  }

  void write(String text) {
    charge(text.length());
    out.append(text);
  }

  String output() {
    return out.toString();
  }

  /** Runs something and returns the text it wrote, which goes nowhere else. */
  String capture(Runnable body) {
    StringBuilder before = out;
    out = new StringBuilder();
    try {
      body.run();
      return out.toString();
    } finally {
      out = before;
    }
  }

  /** Like {@link #capture}, for the body of a macro. */
  String call(Runnable body) {
    if (macroDepth == MAX_MACRO_DEPTH) {
      throw new JinjaLimitException(
          "macros call one another more than " + MAX_MACRO_DEPTH + " deep");
    }
    macroDepth++;
    try {
      return capture(body);
    } finally {
      macroDepth--;
    }
  }
}
