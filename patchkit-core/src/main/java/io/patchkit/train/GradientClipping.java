package io.patchkit.train;

/** Scales gradients down to a global norm, as {@code torch.nn.utils.clip_grad_norm_} does. */
final class GradientClipping {

  /** What torch adds to the norm, so that its quotient is never beyond the limit. */
  private static final double EPSILON = 1e-6;

  private GradientClipping() {}

  /** The Euclidean norm of all numbers from an index on. */
  static double norm(double[] gradient, int from) {
    double sum = 0;
    for (int i = from; i < gradient.length; i++) {
      sum += gradient[i] * gradient[i];
    }
    return Math.sqrt(sum);
  }

  /** Scales a gradient of this norm in place so that its norm is at most the limit. */
  static void clip(double[] gradient, double norm, double maxNorm) {
    double factor = maxNorm / (norm + EPSILON);
    if (factor < 1) {
      for (int i = 0; i < gradient.length; i++) {
        gradient[i] *= factor;
      }
    }
  }
}
