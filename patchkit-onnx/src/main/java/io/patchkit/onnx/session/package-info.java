/** What all sessions of ONNX Runtime in this library have in common. */
@NullMarked
package io.patchkit.onnx.session;

import org.jspecify.annotations.NullMarked;
