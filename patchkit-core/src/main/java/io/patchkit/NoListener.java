package io.patchkit;

/** See {@link GenerationListener#none()}. */
enum NoListener implements GenerationListener {
  INSTANCE;

  @Override
  public void finished(PatchStack patches, Generation generation) {}

  @Override
  public void failed(PatchStack patches, RuntimeException failure) {}
}
