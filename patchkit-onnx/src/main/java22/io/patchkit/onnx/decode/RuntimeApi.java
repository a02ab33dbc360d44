package io.patchkit.onnx.decode;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import ai.onnxruntime.OrtException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * The functions of ONNX Runtime's C interface that binding inputs and outputs takes ({@code OrtApi}
 * in onnxruntime_c_api.h), called in the very library that its Java interface has loaded.
 * Thread-safe.
 *
 * <p>{@code OrtApi} is a table of pointers to which new versions only append, so a function's place
 * in it is the same in all of them. Each gives null for success, else an {@code OrtStatus*}.
 */
final class RuntimeApi {

  /** The version of the table that is asked for: the oldest with all of these functions. */
  private static final int API_VERSION = 14;

  private static final int GET_ERROR_MESSAGE = 2;
  private static final int CREATE_MEMORY_INFO = 68;
  private static final int ALLOCATOR_FREE = 76;
  private static final int GET_ALLOCATOR_WITH_DEFAULT_OPTIONS = 78;
  private static final int RELEASE_STATUS = 93;
  private static final int RELEASE_MEMORY_INFO = 94;
  private static final int RELEASE_VALUE = 96;
  private static final int RUN_WITH_BINDING = 133;
  private static final int CREATE_IO_BINDING = 134;
  private static final int RELEASE_IO_BINDING = 135;
  private static final int BIND_INPUT = 136;
  private static final int BIND_OUTPUT = 137;
  private static final int BIND_OUTPUT_TO_DEVICE = 138;
  private static final int GET_BOUND_OUTPUT_VALUES = 140;
  private static final int CLEAR_BOUND_INPUTS = 141;
  private static final int CLEAR_BOUND_OUTPUTS = 142;
  private static final int PLACES = 143;

  private static final FunctionDescriptor ONE = FunctionDescriptor.of(ADDRESS, ADDRESS);
  private static final FunctionDescriptor TWO = FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS);
  private static final FunctionDescriptor THREE =
      FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS, ADDRESS);
  private static final FunctionDescriptor FOUR =
      FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS);
  private static final FunctionDescriptor RELEASE = FunctionDescriptor.ofVoid(ADDRESS);

  private final MemorySegment table;
  private final MethodHandle getErrorMessage;
  private final MethodHandle releaseStatus;
  private final MethodHandle createMemoryInfo;
  private final MethodHandle releaseMemoryInfo;
  private final MethodHandle releaseValue;
  private final MethodHandle runWithBinding;
  private final MethodHandle createIoBinding;
  private final MethodHandle releaseIoBinding;
  private final MethodHandle bindInput;
  private final MethodHandle bindOutput;
  private final MethodHandle bindOutputToDevice;
  private final MethodHandle getBoundOutputValues;
  private final MethodHandle clearBoundInputs;
  private final MethodHandle clearBoundOutputs;
  private final MethodHandle allocatorFree;
  private final MemorySegment defaultAllocator;

  private RuntimeApi(MemorySegment table) throws OrtException {
    this.table = table;
    getErrorMessage = function(GET_ERROR_MESSAGE, ONE);
    releaseStatus = function(RELEASE_STATUS, RELEASE);
    createMemoryInfo =
        function(
            CREATE_MEMORY_INFO,
            FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS));
    releaseMemoryInfo = function(RELEASE_MEMORY_INFO, RELEASE);
    releaseValue = function(RELEASE_VALUE, RELEASE);
    runWithBinding = function(RUN_WITH_BINDING, THREE);
    createIoBinding = function(CREATE_IO_BINDING, TWO);
    releaseIoBinding = function(RELEASE_IO_BINDING, RELEASE);
    bindInput = function(BIND_INPUT, THREE);
    bindOutput = function(BIND_OUTPUT, THREE);
    bindOutputToDevice = function(BIND_OUTPUT_TO_DEVICE, THREE);
    getBoundOutputValues = function(GET_BOUND_OUTPUT_VALUES, FOUR);
    clearBoundInputs = function(CLEAR_BOUND_INPUTS, RELEASE);
    clearBoundOutputs = function(CLEAR_BOUND_OUTPUTS, RELEASE);
    allocatorFree = function(ALLOCATOR_FREE, TWO);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ADDRESS);
      MethodHandle allocator = function(GET_ALLOCATOR_WITH_DEFAULT_OPTIONS, ONE);
      check(() -> (MemorySegment) allocator.invokeExact(out));
      defaultAllocator = out.get(ADDRESS, 0);
    }
  }

  private MethodHandle function(int place, FunctionDescriptor descriptor) {
    return Linker.nativeLinker().downcallHandle(table.getAtIndex(ADDRESS, place), descriptor);
  }

  /**
   * The functions of the library that is loaded.
   *
   * @param knownVersion how the version of a library begins on which all this was tried
   * @throws IllegalStateException if no library is loaded or it is of an unknown version
   * @throws IllegalCallerException if this Java may not call native code
   */
  static RuntimeApi load(String knownVersion) throws OrtException {
    MemorySegment getBase =
        SymbolLookup.loaderLookup()
            .find("OrtGetApiBase")
            .orElseThrow(
                () -> new IllegalStateException("the class loader has not loaded ONNX Runtime"));
    Linker linker = Linker.nativeLinker();
    // struct OrtApiBase { GetApi(version), GetVersionString() }
    MethodHandle getApiBase = linker.downcallHandle(getBase, FunctionDescriptor.of(ADDRESS));
    MemorySegment base =
        call(() -> (MemorySegment) getApiBase.invokeExact()).reinterpret(2 * ADDRESS.byteSize());
    MethodHandle getVersion =
        linker.downcallHandle(base.getAtIndex(ADDRESS, 1), FunctionDescriptor.of(ADDRESS));
    String version = text(call(() -> (MemorySegment) getVersion.invokeExact()));
    if (!version.startsWith(knownVersion)) {
      throw new IllegalStateException(
          "ONNX Runtime is of version " + version + ", known is " + knownVersion + "x");
    }
    MethodHandle getApi =
        linker.downcallHandle(
            base.getAtIndex(ADDRESS, 0), FunctionDescriptor.of(ADDRESS, JAVA_INT));
    MemorySegment table = call(() -> (MemorySegment) getApi.invokeExact(API_VERSION));
    return new RuntimeApi(table.reinterpret(PLACES * ADDRESS.byteSize()));
  }

  /**
   * Describes memory of a device.
   *
   * @param name "Cpu" or "Cuda"
   * @return an {@code OrtMemoryInfo*} that lives as long as the arena
   */
  MemorySegment memoryInfo(Arena arena, String name, int device) throws OrtException {
    MemorySegment out = arena.allocate(ADDRESS);
    MemorySegment nativeName = arena.allocateFrom(name);
    // OrtDeviceAllocator and OrtMemTypeDefault are 0.
    check(() -> (MemorySegment) createMemoryInfo.invokeExact(nativeName, 0, device, 0, out));
    return out.get(ADDRESS, 0).reinterpret(arena, info -> release(releaseMemoryInfo, info));
  }

  /** A new {@code OrtIoBinding*} of a session. */
  MemorySegment createIoBinding(MemorySegment session) throws OrtException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ADDRESS);
      check(() -> (MemorySegment) createIoBinding.invokeExact(session, out));
      return out.get(ADDRESS, 0);
    }
  }

  void releaseIoBinding(MemorySegment binding) {
    release(releaseIoBinding, binding);
  }

  void bindInput(MemorySegment binding, MemorySegment name, MemorySegment value)
      throws OrtException {
    check(() -> (MemorySegment) bindInput.invokeExact(binding, name, value));
  }

  /** Binds an output to a value that it is written to. */
  void bindOutput(MemorySegment binding, MemorySegment name, MemorySegment value)
      throws OrtException {
    check(() -> (MemorySegment) bindOutput.invokeExact(binding, name, value));
  }

  /** Lets the runtime allocate an output in memory of this kind. */
  void bindOutputToDevice(MemorySegment binding, MemorySegment name, MemorySegment memoryInfo)
      throws OrtException {
    check(() -> (MemorySegment) bindOutputToDevice.invokeExact(binding, name, memoryInfo));
  }

  void run(MemorySegment session, MemorySegment options, MemorySegment binding)
      throws OrtException {
    check(() -> (MemorySegment) runWithBinding.invokeExact(session, options, binding));
  }

  /** The outputs of the last run in the order of their binding, the caller's to release. */
  MemorySegment[] boundOutputs(MemorySegment binding) throws OrtException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ADDRESS);
      MemorySegment count = arena.allocate(JAVA_LONG);
      check(
          () ->
              (MemorySegment)
                  getBoundOutputValues.invokeExact(binding, defaultAllocator, out, count));
      MemorySegment array = out.get(ADDRESS, 0);
      MemorySegment[] values = new MemorySegment[Math.toIntExact(count.get(JAVA_LONG, 0))];
      MemorySegment whole = array.reinterpret(values.length * ADDRESS.byteSize());
      for (int i = 0; i < values.length; i++) {
        values[i] = whole.getAtIndex(ADDRESS, i);
      }
      check(() -> (MemorySegment) allocatorFree.invokeExact(defaultAllocator, array));
      return values;
    }
  }

  void releaseValue(MemorySegment value) {
    release(releaseValue, value);
  }

  /** Lets go of all that is bound. */
  void clear(MemorySegment binding) {
    release(clearBoundInputs, binding);
    release(clearBoundOutputs, binding);
  }

  /** A call of a function that gives a pointer. */
  @FunctionalInterface
  private interface Call {
    MemorySegment run() throws Throwable;
  }

  private void check(Call function) throws OrtException {
    MemorySegment status = call(function);
    if (status.address() != 0) {
      String message = text(call(() -> (MemorySegment) getErrorMessage.invokeExact(status)));
      release(releaseStatus, status);
      throw new OrtException(message);
    }
  }

  private static MemorySegment call(Call function) {
    try {
      return function.run();
    } catch (Throwable e) {
      throw new AssertionError("a C function threw", e);
    }
  }

  private static void release(MethodHandle function, MemorySegment pointer) {
    try {
      function.invokeExact(pointer);
    } catch (Throwable e) {
      throw new AssertionError("a C function threw", e);
    }
  }

  /** Text that ends with a zero byte. */
  private static String text(MemorySegment pointer) {
    return pointer.reinterpret(Long.MAX_VALUE).getString(0);
  }
}
