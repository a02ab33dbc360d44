package io.patchkit.evaluate;

import java.util.Locale;

/** How a report's page looks. */
final class PageStyle {

  private static final String STYLE =
      """
      :root { color-scheme: light dark;
        --ground: #ffffff; --card: #f6f7f9; --ink: #1b1f24; --faint: #59636e; --rule: #d8dde3;
        --warn: #8a4b00; --warn-ground: #fff4e0;
        --c0: #1f6fd6; --c1: #c2410c; --c2: #0f7f5a; --c3: #8b46c1; --c4: #9a6a00; --c5: #c02669; }
      @media (prefers-color-scheme: dark) { :root {
        --ground: #14171b; --card: #1d2126; --ink: #e6e9ed; --faint: #9aa4af; --rule: #363c44;
        --warn: #ffc069; --warn-ground: #33260f;
        --c0: #6aa8ff; --c1: #ff9a62; --c2: #4fd1a1; --c3: #c79bff; --c4: #e3b341; --c5: #ff85b8; } }
      * { box-sizing: border-box; }
      body { margin: 0 auto; padding: 1rem; max-width: 84rem; background: var(--ground);
        color: var(--ink); font: 16px/1.45 system-ui, sans-serif; overflow-wrap: break-word; }
      h1 { font-size: 1.5rem; margin: 0.2rem 0 0.8rem; }
      h2 { font-size: 1.15rem; margin: 1.8rem 0 0.6rem; }
      h3 { font-size: 1rem; margin: 0; }
      .notice { color: var(--warn); background: var(--warn-ground); border-radius: 8px;
        padding: 0.5rem 0.8rem; margin: 0 0 0.6rem; }
      .notice:first-of-type { font-weight: 600; }
      .note { color: var(--faint); font-size: 0.88rem; margin: 0.2rem 0 0.5rem; }
      .variants { list-style: none; padding: 0; margin: 0.6rem 0; }
      .variants li { margin: 0.15rem 0; }
      .variants i { display: inline-block; width: 0.8rem; height: 0.8rem; border-radius: 50%;
        margin-right: 0.45rem; vertical-align: -0.05rem; }
      .legend { list-style: none; display: flex; flex-wrap: wrap; gap: 0.1rem 0.9rem; padding: 0;
        margin: 0.4rem 0 0; font-size: 0.88rem; }
      .legend i { display: inline-block; width: 0.7rem; height: 0.7rem; border-radius: 2px;
        margin-right: 0.35rem; }
      .cards { display: grid; gap: 1rem;
        grid-template-columns: repeat(auto-fill, minmax(min(100%, 23rem), 1fr)); align-items: start; }
      section { background: var(--card); border-radius: 8px; padding: 0.8rem; min-width: 0; }
      svg { display: block; width: 100%; height: auto; }
      text { fill: var(--ink); font-size: 13px; }
      text.tick { fill: var(--faint); font-size: 13px; }
      .grid { stroke: var(--rule); stroke-width: 1; }
      .axis { stroke: var(--faint); stroke-width: 1; }
      .whisker { stroke-width: 3; stroke-linecap: round; opacity: 0.8; }
      .whisker.thin { stroke-width: 2; }
      .scroll { overflow-x: auto; }
      table { border-collapse: collapse; font-size: 0.92rem; font-variant-numeric: tabular-nums; }
      th, td { text-align: left; vertical-align: top; padding: 0.4rem 0.9rem 0.4rem 0;
        border-bottom: 1px solid var(--rule); white-space: nowrap; }
      thead th { white-space: normal; min-width: 7rem; vertical-align: bottom; }
      tbody th { font-weight: 500; white-space: normal; min-width: 8rem; }
      th:first-child { position: sticky; left: 0; background: var(--ground); }
      .n { color: var(--faint); font-weight: 400; }
      td:last-child { white-space: normal; min-width: 9rem; }
      .difference { color: var(--faint); }
      .difference.clear { color: var(--ink); font-weight: 600; }
      details { background: var(--card); border-radius: 8px; padding: 0.8rem; }
      summary { cursor: pointer; }
      details h3 { margin: 1rem 0 0.4rem; }
      .sample { border-top: 1px solid var(--rule); padding: 0.4rem 0; }
      .sample p { margin: 0 0 0.3rem; font-weight: 500; }
      .sample dl { margin: 0; }
      .sample dt { color: var(--faint); font-size: 0.88rem; }
      .sample dd { margin: 0 0 0.4rem 0.8rem; }
      """;

  private PageStyle() {}

  static String css() {
    StringBuilder css = new StringBuilder();
    for (int i = 0; i < Svg.COLOURS; i++) {
      css.append(
          String.format(
              Locale.ROOT,
              "line.c%1$d { stroke: var(--c%1$d); } circle.c%1$d, rect.c%1$d { fill: var(--c%1$d);"
                  + " } i.c%1$d { background: var(--c%1$d); }\n",
              i));
    }
    return css.append(STYLE).toString();
  }

  /** Without the control characters that XML does not know. */
  static String printable(String text) {
    return text.replaceAll("[\\p{Cntrl}&&[^\n\t]]", "\uFFFD");
  }
}
