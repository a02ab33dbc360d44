package io.patchkit.evaluate;

import io.patchkit.PatchkitException;
import java.util.List;
import java.util.Objects;

/**
 * What a release gate says of a variant. Immutable.
 *
 * @param variant its name
 * @param findings one for each rule and figure, in the order of the rules
 */
public record GateVerdict(String variant, List<Finding> findings) {

  /**
   * Whether one rule holds for one figure.
   *
   * @param rule what was demanded
   * @param figure name of the figure
   * @param passed whether it holds
   * @param reason what was expected and found
   */
  public record Finding(Rule rule, String figure, boolean passed, String reason) {

    public Finding {
      Objects.requireNonNull(rule, "rule");
      Objects.requireNonNull(figure, "figure");
      Objects.requireNonNull(reason, "reason");
    }
  }

  public GateVerdict {
    Objects.requireNonNull(variant, "variant");
    findings = List.copyOf(findings);
  }

  /** Whether every rule holds. */
  public boolean passed() {
    return findings.stream().allMatch(Finding::passed);
  }

  /**
   * Goes on only if every rule holds.
   *
   * @throws PatchkitException with the reasons
   */
  public void requirePassed() {
    if (!passed()) {
      throw new PatchkitException(toString());
    }
  }

  /** A line for the whole, then one for each finding. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    text.append(passed() ? "PASS " : "FAIL ").append(variant);
    for (Finding finding : findings) {
      text.append('\n')
          .append(finding.passed() ? "  pass  " : "  FAIL  ")
          .append(finding.figure())
          .append(": ")
          .append(finding.reason());
    }
    return text.toString();
  }
}
