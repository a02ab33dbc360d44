package io.patchkit.examples;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The {@code --name value} arguments of an example. */
final class ExampleArguments {

  private final Map<String, String> values;

  private ExampleArguments(Map<String, String> values) {
    this.values = values;
  }

  /** Reads the arguments, or explains the usage and ends the program with status 2. */
  static ExampleArguments parse(String usage, Set<String> allowed, String... args) {
    Map<String, String> values = new HashMap<>();
    for (int i = 0; i < args.length; i += 2) {
      String name = args[i].startsWith("--") ? args[i].substring(2) : "";
      if (!allowed.contains(name) || i + 1 == args.length) {
        System.err.println("usage: " + usage);
        System.exit(2);
      }
      values.put(name, args[i + 1]);
    }
    return new ExampleArguments(values);
  }

  @Nullable String get(String name) {
    return values.get(name);
  }

  String get(String name, String otherwise) {
    return values.getOrDefault(name, otherwise);
  }
}
