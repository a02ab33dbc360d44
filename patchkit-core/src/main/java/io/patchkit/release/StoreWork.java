package io.patchkit.release;

import java.io.IOException;

/** Something that is done with a store's files. */
@FunctionalInterface
interface StoreWork<T> {
  T run() throws IOException;
}
