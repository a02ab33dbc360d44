package io.patchkit.onnx.decode;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Requests take memory for what they hold, not for what they may come to hold. */
class BufferPoolTest {

  private static final int CONTEXT = 1000;
  private static final int HEADS = 2;
  private static final int HEAD_DIM = 4;
  private static final int POSITION_BYTES = 2 * HEADS * HEAD_DIM * Float.BYTES;
  private static final long IDLE_BYTES = 500 * POSITION_BYTES;
  static final DecoderLayout LAYOUT =
      new DecoderLayout(
          new DecoderLayout.IntegerInput("ids", true),
          null,
          null,
          "soft",
          null,
          false,
          "logits",
          List.of(new KeyValueSlot("k", "v", "k2", "v2", HEADS, HEAD_DIM)),
          CacheType.FLOAT,
          CacheType.FLOAT,
          true,
          4,
          8);

  private final BufferPool pool =
      new BufferPool(OrtEnvironment.getEnvironment(), LAYOUT, CONTEXT, 16, IDLE_BYTES);

  @AfterEach
  void close() {
    pool.close();
  }

  @Test
  void roomFollowsTheTokensThatAreThere() throws OrtException {
    SharedKeyValues keyValues = new SharedKeyValues(LAYOUT, pool, prefix(70), 70);
    Set<Integer> capacities = new LinkedHashSet<>();
    int moved = 0;
    int before = keyValues.buffers().capacity();
    for (int length = 70; length < CONTEXT; length++) {
      keyValues.makeRoom(length, length + 1);
      int after = keyValues.buffers().capacity();
      assertThat(after).isBetween(length + 1, (length + 1) * 3 / 2 + 64);
      moved += after == before ? 0 : length;
      before = after;
      capacities.add(after);
    }
    // From 70 up to a multiple of 64, then half as much again up to one, then the whole context.
    assertThat(capacities).containsExactly(128, 192, 320, 512, 768, CONTEXT);
    assertThat(moved).isEqualTo(128 + 192 + 320 + 512 + 768).isLessThan(2 * CONTEXT);
    keyValues.close();
  }

  @Test
  void batchesOfOneFourAndEightRowsAllocateOnce() throws OrtException {
    // The largest and those on the way to it, each of two thirds of the next.
    long idleBytes = 3 * 8 * 320 * POSITION_BYTES;
    try (BufferPool pool =
        new BufferPool(OrtEnvironment.getEnvironment(), LAYOUT, CONTEXT, 16, idleBytes)) {
      Set<KeyValueBuffers> first = Collections.newSetFromMap(new IdentityHashMap<>());
      Set<KeyValueBuffers> second = Collections.newSetFromMap(new IdentityHashMap<>());
      for (int rows : new int[] {1, 4, 8}) {
        first.addAll(batch(pool, rows, 224));
      }
      for (int rows : new int[] {1, 4, 8}) {
        second.addAll(batch(pool, rows, 224));
      }
      assertThat(first).hasSizeGreaterThan(8).containsAll(second);
    }
  }

  /** The buffers that a batch has on its way: rows join one by one, then all grow together. */
  private static List<KeyValueBuffers> batch(BufferPool pool, int rows, int positions)
      throws OrtException {
    List<KeyValueBuffers> taken = new ArrayList<>();
    taken.add(pool.takeKeyValues(2, 1));
    for (int room = 4; room <= rows; room *= 2) {
      move(pool, taken, room, 32);
    }
    for (int length = 32; length <= positions; length++) {
      KeyValueBuffers last = taken.get(taken.size() - 1);
      if (length > last.capacity()) {
        move(pool, taken, last.rows(), length);
      }
    }
    pool.give(taken.get(taken.size() - 1));
    return taken;
  }

  private static void move(BufferPool pool, List<KeyValueBuffers> taken, int rows, int positions)
      throws OrtException {
    KeyValueBuffers last = taken.get(taken.size() - 1);
    taken.add(pool.takeLarger(last, rows, positions));
    pool.give(last);
  }

  @Test
  void whatIsThereMovesAlong() throws OrtException {
    EncodedPrefix prefix = prefix(60);
    SharedKeyValues keyValues = new SharedKeyValues(LAYOUT, pool, prefix, 60);
    keyValues.makeRoom(60, 65);
    keyValues.makeRoom(60, 500);
    for (int plane = 0; plane < 2; plane++) {
      ByteBuffer copy = NativeMemory.allocate(prefix.planes().get(plane).capacity());
      keyValues.copyPlane(plane, 60, copy, 0, 60 * HEAD_DIM * Float.BYTES);
      assertThat(copy).isEqualTo(prefix.planes().get(plane));
    }
    keyValues.close();
  }

  @Test
  void outgrownBuffersServeTheNextRequest() throws OrtException {
    SharedKeyValues first = new SharedKeyValues(LAYOUT, pool, prefix(10), 10);
    KeyValueBuffers small = first.buffers();
    first.makeRoom(64, 65);
    KeyValueBuffers large = first.buffers();
    assertThat(large).isNotSameAs(small);
    SharedKeyValues second = new SharedKeyValues(LAYOUT, pool, prefix(10), 10);
    assertThat(second.buffers()).isSameAs(small);
    first.close();
    // A larger one serves too, rather than new memory.
    SharedKeyValues third = new SharedKeyValues(LAYOUT, pool, prefix(10), 10);
    assertThat(third.buffers()).isSameAs(large);
    assertThat(small.tensors().get(0).isClosed()).isFalse();
    second.close();
    third.close();
  }

  @Test
  void whatSavesLessThanHalfIsNotWorthTheMove() throws OrtException {
    KeyValueBuffers held = pool.takeKeyValues(8, CONTEXT);
    // 341 · 1.5 = 511, in steps of 64: 8 · 512 positions of 8 · 1000.
    assertThat(pool.takeSmaller(held, 8, 341)).isNull();
    // 320 · 1.5 = 480: 8 · 512 again; 298 · 1.5 = 447: 8 · 448.
    assertThat(pool.takeSmaller(held, 8, 320)).isNull();
    KeyValueBuffers smaller = pool.takeSmaller(held, 8, 298);
    assertThat(smaller.rows()).isEqualTo(8);
    assertThat(smaller.capacity()).isEqualTo(448);
    // A quarter of the rows, and no more positions than the context has.
    KeyValueBuffers narrow = pool.takeSmaller(held, 2, 900);
    assertThat(narrow.rows()).isEqualTo(2);
    assertThat(narrow.capacity()).isEqualTo(CONTEXT);
    pool.give(held);
    pool.give(smaller);
    pool.give(narrow);
  }

  @Test
  void whatLiesIdleServesOnlyIfItIsSmaller() throws OrtException {
    long idleBytes = 8 * CONTEXT * POSITION_BYTES;
    try (BufferPool pool =
        new BufferPool(OrtEnvironment.getEnvironment(), LAYOUT, CONTEXT, 16, idleBytes)) {
      KeyValueBuffers held = pool.takeKeyValues(2, CONTEXT);
      KeyValueBuffers large = pool.takeKeyValues(2, 600);
      KeyValueBuffers small = pool.takeKeyValues(2, 400);
      pool.give(large);
      KeyValueBuffers made = pool.takeSmaller(held, 2, 100);
      assertThat(made).isNotSameAs(large);
      assertThat(made.capacity()).isEqualTo(192);
      pool.give(small);
      assertThat(pool.takeSmaller(held, 2, 100)).isSameAs(small);
    }
  }

  @Test
  void aRequestAloneIsNotGivenTheRowsOfABatch() throws OrtException {
    KeyValueBuffers ofBatch = pool.takeKeyValues(2, 10);
    pool.give(ofBatch);
    StepBuffers stepsOfBatch = pool.takeSteps(2);
    pool.give(stepsOfBatch);
    KeyValueBuffers alone = pool.takeKeyValues(1, 10);
    assertThat(alone.rows()).isEqualTo(1);
    pool.give(alone);
    assertThat(pool.takeKeyValues(2, 10)).isSameAs(ofBatch);
    StepBuffers steps = pool.takeSteps();
    assertThat(steps.rows()).isEqualTo(1);
    pool.give(steps);
    assertThat(pool.takeSteps(2)).isSameAs(stepsOfBatch);
  }

  private static EncodedPrefix prefix(int length) {
    List<ByteBuffer> planes = new ArrayList<>();
    for (int plane = 0; plane < 2; plane++) {
      float[] numbers = new float[HEADS * length * HEAD_DIM];
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = 1000 * plane + i;
      }
      planes.add(CacheType.FLOAT.encode(numbers));
    }
    return new EncodedPrefix(length, planes);
  }
}
