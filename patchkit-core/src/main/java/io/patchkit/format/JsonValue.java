package io.patchkit.format;

/**
 * A JSON value (RFC 8259): what {@link StrictJson} reads and writes.
 *
 * <p>All kinds are immutable, thread-safe and compare by value. Integers and decimals are kinds of
 * their own, because {@code 1} and {@code 1.0} are different things to a strict format.
 */
public sealed interface JsonValue
    permits JsonObject, JsonArray, JsonString, JsonInteger, JsonDecimal, JsonBoolean, JsonNull {}
