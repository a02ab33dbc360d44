package io.patchkit.examples;

import io.patchkit.PatchkitException;
import io.patchkit.evaluate.Evaluation;
import java.util.ArrayList;
import java.util.List;

/** An evaluation with the models and judges that it uses, which end with it. */
public final class OpenEvaluation implements AutoCloseable {

  private final Evaluation evaluation;
  private final Owned owned;

  OpenEvaluation(Evaluation evaluation, Owned owned) {
    this.evaluation = evaluation;
    this.owned = owned;
  }

  /** The evaluation. */
  public Evaluation evaluation() {
    return evaluation;
  }

  @Override
  public void close() {
    owned.close();
  }

  /** What has been opened, to be closed in the opposite order. */
  static final class Owned implements AutoCloseable {

    private final List<AutoCloseable> opened = new ArrayList<>();

    <T extends AutoCloseable> T add(T resource) {
      opened.add(0, resource);
      return resource;
    }

    @Override
    public void close() {
      for (AutoCloseable resource : opened) {
        try {
          resource.close();
        } catch (RuntimeException e) {
          throw e;
        } catch (Exception e) {
          throw new PatchkitException("cannot close " + resource + ": " + e.getMessage(), e);
        }
      }
      opened.clear();
    }
  }
}
