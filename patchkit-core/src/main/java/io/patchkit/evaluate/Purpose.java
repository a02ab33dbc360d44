package io.patchkit.evaluate;

/** What a suite is there to show. A report with safety but without the other sides says so. */
public enum Purpose {
  /** Whether harm is prevented. */
  SAFETY("Safety"),
  /** Whether harmless requests are refused. */
  OVER_REFUSAL("Over-refusal"),
  /** Whether the model still knows and can do what it did. */
  UTILITY("Utility"),
  /** Whether the patched model behaves like the safer reference. */
  FIDELITY("Fidelity"),
  /** What the patch costs in time and context. */
  COST("Cost");

  private final String title;

  Purpose(String title) {
    this.title = title;
  }

  /** For people. */
  public String title() {
    return title;
  }
}
