package io.patchkit.onnx.text.jinja;

import io.patchkit.onnx.text.jinja.Token.Kind;
import java.util.List;

/** The tokens of a template and a place among them. */
final class TokenStream {

  /** Far above any template, far below the stack of a thread. */
  private static final int MAX_DEPTH = 100;

  private final List<Token> tokens;
  private int position;
  private int depth;

  TokenStream(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token current() {
    return tokens.get(position);
  }

  Token look() {
    return tokens.get(Math.min(position + 1, tokens.size() - 1));
  }

  Token next() {
    Token token = current();
    if (token.kind() != Kind.END) {
      position++;
    }
    return token;
  }

  boolean at(Kind kind) {
    return current().kind() == kind;
  }

  boolean skipName(String name) {
    boolean found = current().isName(name);
    if (found) {
      position++;
    }
    return found;
  }

  boolean skipOperator(String operator) {
    boolean found = current().isOperator(operator);
    if (found) {
      position++;
    }
    return found;
  }

  Token expect(Kind kind) {
    if (!at(kind)) {
      throw unexpected(new Token(kind, kind.name(), 0).describe());
    }
    return next();
  }

  String expectName() {
    if (!at(Kind.NAME)) {
      throw unexpected("a name");
    }
    return next().text();
  }

  void expectOperator(String operator) {
    if (!skipOperator(operator)) {
      throw unexpected("'" + operator + "'");
    }
  }

  void expectName(String name) {
    if (!skipName(name)) {
      throw unexpected("'" + name + "'");
    }
  }

  JinjaUnsupportedException unexpected(String expected) {
    return error("expected " + expected + ", found " + current().describe());
  }

  JinjaUnsupportedException error(String message) {
    return new JinjaUnsupportedException(message, current().line());
  }

  /** Enters a nested construct; each call is matched by one of {@link #leave()}. */
  void enter() {
    if (++depth > MAX_DEPTH) {
      throw error("constructs are nested more than " + MAX_DEPTH + " deep");
    }
  }

  void leave() {
    depth--;
  }
}
