package io.patchkit.format;

/** {@code true} or {@code false}. */
public record JsonBoolean(boolean value) implements JsonValue {}
