package io.patchkit.onnx.decode;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Buffers that wait against a list that is searched in the plainest way. */
class IdleBuffersTest {

  private static final long BOUND = 100;

  private abstract static class Sized implements IdleBuffers.Buffer {
    final int size;
    int closed;

    Sized(int size) {
      this.size = size;
    }

    @Override
    public long bytes() {
      return size;
    }

    @Override
    public void close() {
      closed++;
    }
  }

  private static final class Red extends Sized {
    Red(int size) {
      super(size);
    }
  }

  private static final class Blue extends Sized {
    Blue(int size) {
      super(size);
    }
  }

  /** Gives a buffer back, or asks for one of at least a size. */
  record Step(boolean give, boolean red, int size) {}

  @Provide
  Arbitrary<List<Step>> steps() {
    Arbitrary<Step> step =
        Arbitraries.integers()
            .between(1, 120)
            .flatMap(
                size ->
                    Arbitraries.of(true, true, false)
                        .flatMap(
                            give ->
                                Arbitraries.of(true, false).map(red -> new Step(give, red, size))));
    return step.list().ofMaxSize(60);
  }

  @Property
  void keepTheLatestWithinTheBoundAndLendTheSmallestThatFits(@ForAll("steps") List<Step> steps) {
    IdleBuffers idle = new IdleBuffers(BOUND);
    List<Sized> expected = new ArrayList<>();
    List<Sized> gone = new ArrayList<>();
    List<Sized> lent = new ArrayList<>();
    for (Step step : steps) {
      if (step.give()) {
        Sized buffer = step.red() ? new Red(step.size()) : new Blue(step.size());
        idle.add(buffer);
        if (step.size() > BOUND) {
          gone.add(buffer);
        } else {
          expected.add(buffer);
          while (expected.stream().mapToLong(Sized::bytes).sum() > BOUND) {
            gone.add(expected.remove(0));
          }
        }
      } else {
        Class<? extends Sized> kind = step.red() ? Red.class : Blue.class;
        Sized smallest =
            expected.stream()
                .filter(buffer -> kind.isInstance(buffer) && buffer.size >= step.size())
                .reduce((one, later) -> later.size <= one.size ? later : one)
                .orElse(null);
        Sized found = idle.poll(kind, buffer -> buffer.bytes() >= step.size());
        assertThat(found).isSameAs(smallest);
        if (found != null) {
          expected.remove(found);
          lent.add(found);
        }
      }
      assertThat(gone).allMatch(buffer -> buffer.closed == 1);
      assertThat(expected).allMatch(buffer -> buffer.closed == 0);
    }
    idle.close();
    Red late = new Red(1);
    idle.add(late);
    assertThat(late.closed).isEqualTo(1);
    assertThat(expected).allMatch(buffer -> buffer.closed == 1);
    assertThat(lent).allMatch(buffer -> buffer.closed == 0);
  }
}
