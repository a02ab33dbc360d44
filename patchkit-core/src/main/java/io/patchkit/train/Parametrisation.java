package io.patchkit.train;

/** Which numbers a prefix is made of. */
public enum Parametrisation {
  /** One embedding a virtual token: small. */
  SOFT_PROMPT,
  /** A key and a value in each layer a virtual token: stronger on small models. */
  KEY_VALUE
}
