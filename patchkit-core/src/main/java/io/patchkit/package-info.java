/** The vocabulary of Patchkit: models, patches, stacks of patches and what generation returns. */
@NullMarked
package io.patchkit;

import org.jspecify.annotations.NullMarked;
