package io.patchkit.release;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.UUID;

/**
 * A token server as docker-registry expects one (distribution's token specification): for a user
 * who shows the right secret, a JSON web token signed with ES256 that allows what was asked for, as
 * far as the user may.
 */
final class TokenServer implements AutoCloseable {

  static final String USER = "ann";
  static final String SECRET = "correct horse";

  /** Who may pull and not push. */
  static final String READER = "bob";

  /** The scopes that were asked for. */
  final List<String> scopes = Collections.synchronizedList(new ArrayList<>());

  private final HttpServer server;
  private final TestCertificate certificate;

  /**
   * @param certificate whose key signs the tokens
   */
  TokenServer(TestCertificate certificate) throws IOException {
    this.certificate = certificate;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/token", this::reply);
    server.start();
  }

  String realm() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/token";
  }

  private void reply(HttpExchange exchange) throws IOException {
    String shown = exchange.getRequestHeaders().getFirst("Authorization");
    String user = basic(USER).equals(shown) ? USER : basic(READER).equals(shown) ? READER : "";
    if (user.isEmpty()) {
      exchange.sendResponseHeaders(401, -1);
    } else {
      byte[] body = body(user, parameter(exchange, "scope"), parameter(exchange, "service"));
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
    }
    exchange.close();
  }

  private static String basic(String user) {
    byte[] pair = (user + ":" + SECRET).getBytes(StandardCharsets.UTF_8);
    return "Basic " + Base64.getEncoder().encodeToString(pair);
  }

  private static String parameter(HttpExchange exchange, String name) {
    for (String part : exchange.getRequestURI().getRawQuery().split("&")) {
      if (part.startsWith(name + "=")) {
        return URLDecoder.decode(part.substring(name.length() + 1), StandardCharsets.UTF_8);
      }
    }
    return "";
  }

  private byte[] body(String user, String scope, String service) throws IOException {
    scopes.add(scope);
    String[] asked = scope.split(":");
    List<String> actions = new ArrayList<>(List.of(asked[2].split(",")));
    if (user.equals(READER)) {
      actions.remove("push");
    }
    JsonObject access =
        JsonObject.builder()
            .put("type", asked[0])
            .put("name", asked[1])
            .put("actions", JsonArray.ofStrings(actions))
            .build();
    long now = Instant.now().getEpochSecond();
    JsonObject claims =
        JsonObject.builder()
            .put("iss", "patchkit-test")
            .put("sub", user)
            .put("aud", service)
            .put("iat", now)
            .put("nbf", now - 60)
            .put("exp", now + 300)
            .put("jti", UUID.randomUUID().toString())
            .put("access", JsonArray.of(List.of(access)))
            .build();
    try {
      return JsonObject.builder()
          .put("token", token(claims))
          .build()
          .toString()
          .getBytes(StandardCharsets.UTF_8);
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  private String token(JsonObject claims) throws GeneralSecurityException {
    String chain = Base64.getEncoder().encodeToString(certificate.certificate().getEncoded());
    JsonObject head =
        JsonObject.builder()
            .put("typ", "JWT")
            .put("alg", "ES256")
            .put("x5c", JsonArray.ofStrings(List.of(chain)))
            .build();
    String message = url(head.toString()) + "." + url(claims.toString());
    Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
    signature.initSign(certificate.key());
    signature.update(message.getBytes(StandardCharsets.US_ASCII));
    return message + "." + url(signature.sign());
  }

  private static String url(String text) {
    return url(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String url(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
