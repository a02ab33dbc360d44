package io.patchkit.release;

/**
 * How a new generation begins.
 *
 * @param share of the requests that it serves, above 0 and at most 1; the others stay with the
 *     newest generation that served all
 * @param onTrial whether it still has to show that it works: it is good only after {@link
 *     PatchStore#markGood}
 */
public record Activation(double share, boolean onTrial) {

  private static final Activation FULL = new Activation(1, false);

  public Activation {
    if (!(share > 0 && share <= 1)) {
      throw new IllegalArgumentException("share is " + share + "; allowed: above 0, at most 1");
    }
  }

  /** For all requests, and taken for good. */
  public static Activation full() {
    return FULL;
  }

  /** For all requests, until a health probe finds otherwise. */
  public static Activation trial() {
    return new Activation(1, true);
  }

  /** For a share of the requests, and on trial. */
  public static Activation canary(double share) {
    return new Activation(share, true);
  }
}
