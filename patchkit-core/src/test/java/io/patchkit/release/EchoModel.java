package io.patchkit.release;

import io.patchkit.ModelShape;
import io.patchkit.StubModel;

/** A model of some shape that takes patches and answers nothing. */
final class EchoModel extends StubModel {

  static EchoModel tiny() {
    return new EchoModel();
  }

  @Override
  public ModelShape shape() {
    return new ModelShape(8, 2, 2, 4, 100, 64, 1);
  }
}
