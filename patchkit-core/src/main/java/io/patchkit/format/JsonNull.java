package io.patchkit.format;

/** {@code null}. */
public enum JsonNull implements JsonValue {
  NULL
}
