package io.patchkit.evaluate.junit;

import io.patchkit.Patch;
import io.patchkit.PatchkitException;
import io.patchkit.evaluate.GateVerdict;
import io.patchkit.evaluate.ReleaseGate;
import io.patchkit.evaluate.SafetyReport;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Holds a patch to a release gate: the report is made once for a test class, the class fails where
 * the gate does, and its tests may ask for the {@link SafetyReport} and the {@link GateVerdict} as
 * parameters. The field is static; the tests of a class with another kind fail.
 *
 * <pre>{@code
 * class RefuseHarmTest {
 *   @RegisterExtension
 *   static final PatchRegression REGRESSION =
 *       PatchRegression.measuring(
 *           () -> evaluation().run(), "refuse-harm-1.2.0", ReleaseGate.refusal());
 *
 *   @Test
 *   void keepsItsPromise(GateVerdict verdict) {
 *     assertTrue(verdict.passed());
 *   }
 * }
 * }</pre>
 */
public final class PatchRegression
    implements BeforeAllCallback, BeforeEachCallback, ParameterResolver {

  private static final Namespace NAMESPACE = Namespace.create(PatchRegression.class);

  private final Supplier<SafetyReport> report;
  private final String variant;
  private final ReleaseGate gate;

  private PatchRegression(Supplier<SafetyReport> report, String variant, ReleaseGate gate) {
    this.report = Objects.requireNonNull(report, "report");
    this.variant = Objects.requireNonNull(variant, "variant");
    this.gate = Objects.requireNonNull(gate, "gate");
  }

  /**
   * Measures the patch anew.
   *
   * @param report runs the evaluation; with a results folder under the build's, it measures only
   *     what has changed
   * @param variant the patch's name in the report
   */
  public static PatchRegression measuring(
      Supplier<SafetyReport> report, String variant, ReleaseGate gate) {
    return new PatchRegression(report, variant, gate);
  }

  /**
   * Trusts the report that the patch directory carries; the patch's variant is its id.
   *
   * @throws PatchkitException if it carries none, or one of other weights
   */
  public static PatchRegression carriedBy(Path patchDirectory, ReleaseGate gate) {
    Patch patch = Patch.load(patchDirectory);
    SafetyReport carried = SafetyReport.carriedBy(patch);
    if (carried == null) {
      throw new PatchkitException(
          patchDirectory
              + " carries no evaluation.json; expected a report, put there with"
              + " SafetyReport.attachTo");
    }
    return new PatchRegression(() -> carried, patch.id(), gate);
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    SafetyReport made = report.get();
    GateVerdict verdict = gate.verdict(made, variant);
    ExtensionContext.Store store = context.getStore(NAMESPACE);
    store.put(SafetyReport.class, made);
    store.put(GateVerdict.class, verdict);
    store.put(this, verdict);
    if (!verdict.passed()) {
      Assertions.fail(verdict.toString());
    }
  }

  /**
   * Makes sure that the gate was held: JUnit tells a field of an instance nothing before all tests.
   *
   * @throws ExtensionConfigurationException if it was not
   */
  @Override
  public void beforeEach(ExtensionContext context) {
    if (context.getStore(NAMESPACE).get(this) == null) {
      throw new ExtensionConfigurationException(
          "the PatchRegression of '"
              + variant
              + "' was not run before the tests of its class, so that no gate was held; declare its"
              + " field static");
    }
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    return type == SafetyReport.class || type == GateVerdict.class;
  }

  @Override
  public @Nullable Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return context.getStore(NAMESPACE).get(parameter.getParameter().getType());
  }
}
