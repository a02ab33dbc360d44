package io.patchkit.examples;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The two exports of one checkpoint that a training example works with.
 *
 * @param name what the patch calls its base model
 * @param trained the folder of the export that is trained on, in 32-bit floats
 * @param served the folder of the export that the patch is for and that generates; may be the same
 */
record TrainingModels(String name, Path trained, Path served) {

  static final String USAGE = "[--model DIR [--serve DIR]]";

  private static final Set<String> ARGUMENTS = Set.of("model", "serve");

  /** The arguments of an example that trains, its own and these. */
  static Set<String> arguments(String... own) {
    return Stream.concat(Stream.of(own), ARGUMENTS.stream())
        .collect(Collectors.toUnmodifiableSet());
  }

  /** SmolLM2-135M-Instruct, or the folders that the user names. */
  static TrainingModels of(ExampleArguments arguments) throws IOException, InterruptedException {
    String model = arguments.get("model");
    if (model == null) {
      return new TrainingModels(
          ReferenceModel.NAME, ReferenceModel.trainingFolder(), ReferenceModel.folder());
    }
    Path trained = Path.of(model);
    Path served = Path.of(arguments.get("serve", model));
    return new TrainingModels(
        served.toAbsolutePath().normalize().getFileName().toString(), trained, served);
  }
}
