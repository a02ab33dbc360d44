package io.patchkit.onnx.gradient;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RowLayoutTest {

  /** A width that no line reaches. */
  private static final int ANY = Integer.MAX_VALUE;

  private static final int[][] CHATS = {{1, 2, 3, 7}, {1, 2, 3, 8, 9}, {1, 2, 4}};

  @Test
  void whatAllRowsBeginWithLiesThereOnce() {
    RowLayout layout = RowLayout.of(CHATS, new int[] {3, 4, 2}, 0, 10, ANY);

    assertThat(layout.lines()).isOne();
    assertThat(layout.ids()).containsExactly(1, 2, 3, 7, 3, 8, 9, 4);
    assertThat(layout.positions()).containsExactly(10, 11, 12, 13, 12, 13, 14, 12);
    assertThat(layout.segments()).containsExactly(0, 0, 1, 1, 2, 2, 2, 3);
    assertThat(layout.at(0, 3)).isEqualTo(3);
    assertThat(layout.at(1, 2)).isEqualTo(4);
    assertThat(layout.at(2, 2)).isEqualTo(7);
  }

  @Test
  void aTokenThatARowOwnsIsNotShared() {
    RowLayout layout = RowLayout.of(CHATS, new int[] {3, 1, 2}, 0, 10, ANY);

    assertThat(layout.ids()).containsExactly(1, 2, 3, 7, 2, 3, 8, 9, 2, 4);
    assertThat(layout.segments()).containsExactly(0, 1, 1, 1, 2, 2, 2, 2, 3, 3);
  }

  @Test
  void virtualTokensAreSharedToo() {
    RowLayout layout = RowLayout.of(new int[][] {{5, 6}, {7, 8}}, new int[] {1, 1}, 2, 0, ANY);

    assertThat(layout.ids()).containsExactly(-1, -2, 5, 6, 7, 8);
    assertThat(layout.positions()).containsExactly(0, 1, 2, 3, 2, 3);
    assertThat(layout.segments()).containsExactly(0, 0, 1, 1, 2, 2);
  }

  /** Attention grows with the square of a line: 8 · 2000 tokens would look at each other. */
  @Test
  void longRowsThatShareLittleKeepTheirLines() {
    int[][] rows = new int[8][2000];
    int[] owned = new int[8];
    for (int r = 0; r < rows.length; r++) {
      rows[r][5] = r + 1;
      owned[r] = 1999;
    }

    RowLayout layout = RowLayout.of(rows, owned, 0, 50, ANY);

    assertThat(layout.lines()).isEqualTo(8);
    assertThat(layout.width()).isEqualTo(2000);
    assertThat(layout.at(3, 7)).isEqualTo(6007);
    assertThat(layout.segments()).containsOnly(0);
  }

  /** Two virtual tokens, one shared, and 1 + 2 of the rows' own: six in one line. */
  @Test
  void rowsKeepTheirLinesWhereOneForAllWouldBeTooWide() {
    int[][] rows = {{5, 6}, {5, 7, 8}};
    int[] owned = {1, 1};

    RowLayout fits = RowLayout.of(rows, owned, 2, 50, 6);
    RowLayout wide = RowLayout.of(rows, owned, 2, 50, 5);

    assertThat(fits.ids()).containsExactly(-1, -2, 5, 6, 7, 8);
    assertThat(wide.ids()).containsExactly(-1, -2, 5, 6, 0, -1, -2, 5, 7, 8);
    assertThat(wide.lines()).isEqualTo(2);
    assertThat(wide.width()).isEqualTo(5);
  }

  @Test
  void eachRowMayHaveAPrefixOfItsOwn() {
    RowLayout layout = RowLayout.padded(new int[][] {{5, 6}, {7}}, 2, 2, 0);

    assertThat(layout.ids()).containsExactly(-1, -2, 5, 6, -3, -4, 7, 0);
    assertThat(layout.positions()).containsExactly(0, 1, 2, 3, 0, 1, 2, 3);
    assertThat(layout.at(1, 0)).isEqualTo(6);
  }
}
