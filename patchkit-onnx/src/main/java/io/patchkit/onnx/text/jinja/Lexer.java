package io.patchkit.onnx.text.jinja;

import io.patchkit.onnx.text.jinja.Token.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a template into tokens.
 *
 * <p>Whitespace follows jinja2 with {@code trim_blocks} and {@code lstrip_blocks}: a block or
 * comment takes with it the newline after it and, if nothing else precedes it on its line, the
 * blanks before it; {@code -} takes all whitespace on its side and {@code +} none. A newline at the
 * very end of the template is dropped.
 */
final class Lexer {

  private static final Pattern NEWLINE = Pattern.compile("\r\n|\r");
  private static final Pattern BEGIN = Pattern.compile("\\{%|\\{\\{|\\{#");
  private static final Pattern SPACE = Pattern.compile("\\s+", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern NAME =
      Pattern.compile("[\\p{L}_][\\p{L}\\p{N}_]*", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern FLOAT =
      Pattern.compile(
          "\\d+(?:_\\d+)*+(?:(?:\\.\\d+(?:_\\d+)*+)?[eE][+-]?\\d+(?:_\\d+)*+"
              + "|\\.\\d+(?:_\\d+)*+)");
  private static final Pattern INTEGER = Pattern.compile("\\d+(?:_\\d+)*+");
  private static final Pattern STRING =
      Pattern.compile(
          "'[^'\\\\]*+(?:\\\\.[^'\\\\]*+)*+'|\"[^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+\"",
          Pattern.DOTALL);
  private static final Pattern OPERATOR =
      Pattern.compile("//|\\*\\*|==|!=|<=|>=|[-+/*%~\\[\\](){}<>=.:|,;]");
  private static final Pattern RAW =
      Pattern.compile("\\{%[-+]?\\s*raw\\s*(?:-%\\}\\s*|%\\})", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern END_RAW =
      Pattern.compile(
          "\\{%([-+]?)\\s*endraw\\s*(?:\\+%\\}|-%\\}\\s*|%\\}\\n?)",
          Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern END_COMMENT =
      Pattern.compile("\\+#\\}|-#\\}\\s*|#\\}\\n?", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern END_BLOCK =
      Pattern.compile("\\+%\\}|-%\\}\\s*|%\\}\\n?", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern END_VARIABLE =
      Pattern.compile("-\\}\\}\\s*|\\}\\}", Pattern.UNICODE_CHARACTER_CLASS);

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int position;
  private int line = 1;

  private Lexer(String source) {
    String normalized = NEWLINE.matcher(source).replaceAll("\n");
    this.source =
        normalized.endsWith("\n") ? normalized.substring(0, normalized.length() - 1) : normalized;
  }

  static List<Token> tokenize(String source) {
    Lexer lexer = new Lexer(source);
    lexer.run();
    return lexer.tokens;
  }

  private void run() {
    Matcher begin = BEGIN.matcher(source);
    while (position < source.length()) {
      if (!begin.find(position)) {
        add(Kind.DATA, source.substring(position));
        moveTo(source.length());
        break;
      }
      String tag = begin.group();
      Matcher raw = RAW.matcher(source).region(begin.start(), source.length());
      boolean isRaw = tag.equals("{%") && raw.lookingAt();
      data(begin.start(), !tag.equals("{{"));
      if (isRaw) {
        moveTo(raw.end());
        raw();
        continue;
      }
      moveTo(begin.end());
      if (at("-") || at("+")) {
        moveTo(position + 1);
      }
      switch (tag) {
        case "{#" -> comment();
        case "{%" -> inside(Kind.BLOCK_BEGIN, END_BLOCK, Kind.BLOCK_END);
        default -> inside(Kind.VARIABLE_BEGIN, END_VARIABLE, Kind.VARIABLE_END);
      }
    }
    add(Kind.END, "");
  }

  /** Adds the data before a tag, which may strip it. */
  private void data(int tagStart, boolean lstrip) {
    String data = source.substring(position, tagStart);
    char sign = tagStart + 2 < source.length() ? source.charAt(tagStart + 2) : ' ';
    String kept = stripBefore(data, sign, lstrip);
    if (!kept.isEmpty()) {
      add(Kind.DATA, kept);
    }
    moveTo(tagStart);
  }

  private String stripBefore(String data, char sign, boolean lstrip) {
    if (sign == '-') {
      return PythonText.strip(data, null, false, true);
    }
    if (sign == '+' || !lstrip) {
      return data;
    }
    int lineStart = data.lastIndexOf('\n') + 1;
    boolean startsLine = lineStart > 0 || position == 0 || source.charAt(position - 1) == '\n';
    boolean blank = PythonText.strip(data.substring(lineStart), null, true, true).isEmpty();
    return startsLine && blank ? data.substring(0, lineStart) : data;
  }

  private void raw() {
    Matcher end = END_RAW.matcher(source);
    if (!end.find(position)) {
      throw new JinjaUnsupportedException("{% raw %} without {% endraw %}", line);
    }
    String sign = end.group(1);
    String data = source.substring(position, end.start());
    String kept = stripBefore(data, sign.isEmpty() ? ' ' : sign.charAt(0), true);
    if (!kept.isEmpty()) {
      add(Kind.DATA, kept);
    }
    moveTo(end.end());
  }

  private void comment() {
    Matcher end = END_COMMENT.matcher(source);
    if (!end.find(position)) {
      throw new JinjaUnsupportedException("{# without #}", line);
    }
    moveTo(end.end());
  }

  private void inside(Kind begin, Pattern endPattern, Kind end) {
    int beginLine = line;
    add(begin, "");
    Deque<String> brackets = new ArrayDeque<>();
    while (true) {
      if (position >= source.length()) {
        throw new JinjaUnsupportedException(
            (end == Kind.BLOCK_END ? "{% without %}" : "{{ without }}"), beginLine);
      }
      if (brackets.isEmpty()) {
        Matcher matcher = match(endPattern);
        if (matcher.lookingAt()) {
          add(end, "");
          moveTo(matcher.end());
          return;
        }
      }
      expressionToken(brackets);
    }
  }

  private void expressionToken(Deque<String> brackets) {
    if (skip(SPACE)) {
      return;
    }
    boolean afterDot = source.charAt(position - 1) == '.';
    if ((!afterDot && take(Kind.FLOAT, FLOAT))
        || take(Kind.INTEGER, INTEGER)
        || take(Kind.NAME, NAME)) {
      return;
    }
    Matcher string = match(STRING);
    Matcher operator = match(OPERATOR);
    if (string.lookingAt()) {
      String quoted = string.group();
      add(Kind.STRING, PythonText.unescape(quoted.substring(1, quoted.length() - 1), line));
      moveTo(string.end());
    } else if (operator.lookingAt()) {
      balance(operator.group(), brackets);
      take(Kind.OPERATOR, OPERATOR);
    } else {
      throw new JinjaUnsupportedException(
          "unexpected character '" + source.charAt(position) + "'", line);
    }
  }

  private void balance(String operator, Deque<String> brackets) {
    switch (operator) {
      case "(" -> brackets.push(")");
      case "[" -> brackets.push("]");
      case "{" -> brackets.push("}");
      case ")", "]", "}" -> {
        if (brackets.isEmpty() || !brackets.pop().equals(operator)) {
          throw new JinjaUnsupportedException("unexpected '" + operator + "'", line);
        }
      }
      default -> {}
    }
  }

  private Matcher match(Pattern pattern) {
    return pattern.matcher(source).region(position, source.length());
  }

  private boolean at(String text) {
    return source.startsWith(text, position);
  }

  private boolean take(Kind kind, Pattern pattern) {
    Matcher matcher = match(pattern);
    if (!matcher.lookingAt()) {
      return false;
    }
    add(kind, matcher.group());
    moveTo(matcher.end());
    return true;
  }

  private boolean skip(Pattern pattern) {
    Matcher matcher = match(pattern);
    if (!matcher.lookingAt()) {
      return false;
    }
    moveTo(matcher.end());
    return true;
  }

  private void add(Kind kind, String text) {
    tokens.add(new Token(kind, text, line));
  }

  private void moveTo(int next) {
    for (; position < next; position++) {
      if (source.charAt(position) == '\n') {
        line++;
      }
    }
  }
}
