package io.patchkit.examples;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The {@code --name value} arguments of an example. */
final class ExampleArguments implements Serializable {

  private static final long serialVersionUID = 1;

  /** Of every name all values, in order. */
  private final Map<String, List<String>> values;

  private ExampleArguments(Map<String, List<String>> values) {
    this.values = values;
  }

  /** Reads the arguments, or explains the usage and ends the program with status 2. */
  static ExampleArguments parse(String usage, Set<String> allowed, String... args) {
    Map<String, List<String>> values = new HashMap<>();
    for (int i = 0; i < args.length; i += 2) {
      String name = args[i].startsWith("--") ? args[i].substring(2) : "";
      if (!allowed.contains(name) || i + 1 == args.length) {
        System.err.println("usage: " + usage);
        System.exit(2);
      }
      values.computeIfAbsent(name, key -> new ArrayList<>()).add(args[i + 1]);
    }
    return new ExampleArguments(values);
  }

  /** The last value of a name. */
  @Nullable String get(String name) {
    List<String> all = all(name);
    return all.isEmpty() ? null : all.get(all.size() - 1);
  }

  String get(String name, String otherwise) {
    String last = get(name);
    return last == null ? otherwise : last;
  }

  int number(String name, int otherwise) {
    String last = get(name);
    return last == null ? otherwise : Integer.parseInt(last);
  }

  /** Whether the last value of a name is {@code yes} rather than {@code no}. */
  boolean isYes(String name, boolean otherwise) {
    String last = get(name, otherwise ? "yes" : "no");
    if (!last.equals("yes") && !last.equals("no")) {
      throw new IllegalArgumentException("--" + name + " is '" + last + "'; allowed: yes or no");
    }
    return last.equals("yes");
  }

  /** All values of a name that may be given several times. */
  List<String> all(String name) {
    List<String> all = values.get(name);
    return all == null ? List.of() : List.copyOf(all);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ExampleArguments that && values.equals(that.values);
  }

  @Override
  public int hashCode() {
    return values.hashCode();
  }
}
