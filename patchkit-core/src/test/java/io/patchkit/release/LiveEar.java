package io.patchkit.release;

import java.util.ArrayList;
import java.util.List;

/** Notes what a listener of {@link LivePatches} hears: numbers of generations. */
class LiveEar implements LiveListener {

  final List<Long> switched = new ArrayList<>();
  final List<Long> refused = new ArrayList<>();

  @Override
  public void switched(StackGeneration generation) {
    switched.add(generation.number());
  }

  @Override
  public void refused(StackGeneration generation, RuntimeException reason) {
    refused.add(generation.number());
  }
}
