/**
 * A patch's regression test in the user's own build: a JUnit 5 extension. The only package that
 * needs JUnit, which the user's build brings along; see the <a
 * href="https://docs.junit.org/5.14.4/user-guide/#extensions">extension model</a>.
 */
@NullMarked
package io.patchkit.evaluate.junit;

import org.jspecify.annotations.NullMarked;
