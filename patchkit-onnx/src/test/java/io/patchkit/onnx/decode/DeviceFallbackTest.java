package io.patchkit.onnx.decode;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.GenerationOptions;
import io.patchkit.PatchStack;
import io.patchkit.TokenStream;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.text.MessageFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Where the runtime's C interface is not to be had, the plain path gives the same tokens and the
 * log says why. On Java 22 and newer, from the multi-release jar, the reasons are real ones: a
 * runtime of another version than the known one, and a runtime whose symbols another class loader
 * holds. Elsewhere the reason is the Java version.
 */
class DeviceFallbackTest {

  private static final Path GQA = Path.of("src/test/resources/cases/llama-gqa");

  @Test
  void anUnknownRuntimeIsNotCalled() {
    for (String known : List.of("1.28.", "1.2.", "2.")) {
      assertFallsBack(
          "ONNX Runtime is of version " + DeviceCache.KNOWN_RUNTIME, () -> tokens(known));
    }
  }

  @Test
  void aRuntimeOfAnotherClassLoaderIsNotCalled() throws Exception {
    try (URLClassLoader own = new OwnClasses()) {
      Method tokens =
          own.loadClass(DeviceFallbackTest.class.getName())
              .getDeclaredMethod("tokens", String.class);
      tokens.setAccessible(true);
      assertFallsBack(
          "the class loader has not loaded ONNX Runtime",
          () -> (List<?>) tokens.invoke(null, DeviceCache.KNOWN_RUNTIME));
    }
  }

  private interface Generating {
    List<?> tokens() throws ReflectiveOperationException;
  }

  private static void assertFallsBack(String reason, Generating generating) {
    List<String> messages = new ArrayList<>();
    Logger logger = Logger.getLogger(DeviceAccess.class.getName());
    Handler handler = new Messages(messages);
    logger.addHandler(handler);
    try {
      assertThat(generating.tokens()).isEqualTo(tokens(null));
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    } finally {
      logger.removeHandler(handler);
    }
    assertThat(messages).hasSize(1);
    assertThat(messages.get(0))
        .contains(
            callsNative() ? reason : "takes Java 22 or newer",
            callsNative() ? "--enable-native-access" : "found Java " + Runtime.version().feature());
  }

  /** Whether the classes for Java 22 are seen. */
  private static boolean callsNative() {
    try {
      Class.forName("io.patchkit.onnx.decode.RuntimeApi");
      return true;
    } catch (ClassNotFoundException e) {
      assertThat(Boolean.getBoolean("patchkit.device.required")).isFalse();
      return false;
    }
  }

  /** Generates on the plain path, whatever was asked for. */
  private static List<Integer> tokens(@Nullable String knownRuntime) {
    try (DecoderEngine engine = SmallEngine.load(GQA, 16, 8, 2, knownRuntime)) {
      assertThat(engine.keepsOnDevice()).isFalse();
      GenerationOptions how =
          GenerationOptions.defaults().withMaxNewTokens(24).withIgnoreStopTokens(true);
      int[] prompt = {3, 10, 17, 24, 31, 38, 45, 2, 9};
      try (TokenStream stream =
          engine.stream(new DecoderRequest(PatchStack.empty(), prompt, how, false))) {
        stream.forEach(piece -> {});
        return stream.generation().tokens();
      }
    }
  }

  /** Loads the classes of this module anew, as a container does that shares ONNX Runtime. */
  private static final class OwnClasses extends URLClassLoader {

    OwnClasses() {
      super(
          new URL[] {place(DecoderEngine.class), place(DeviceFallbackTest.class)},
          DeviceFallbackTest.class.getClassLoader());
    }

    private static URL place(Class<?> type) {
      return type.getProtectionDomain().getCodeSource().getLocation();
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (!name.startsWith("io.patchkit.onnx.")) {
        return super.loadClass(name, resolve);
      }
      synchronized (getClassLoadingLock(name)) {
        Class<?> loaded = findLoadedClass(name);
        return loaded == null ? findClass(name) : loaded;
      }
    }
  }

  private static final class Messages extends Handler {

    private final List<String> messages;

    Messages(List<String> messages) {
      this.messages = messages;
    }

    @Override
    public void publish(LogRecord message) {
      messages.add(MessageFormat.format(message.getMessage(), message.getParameters()));
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
