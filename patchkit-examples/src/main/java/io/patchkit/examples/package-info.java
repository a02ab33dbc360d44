/** Runnable examples, one main per story. */
@NullMarked
package io.patchkit.examples;

import org.jspecify.annotations.NullMarked;
