package io.patchkit.onnx.text;

import io.patchkit.onnx.text.jinja.JinjaException;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Dates in the notation of C and Python, in the C locale whatever the machine's is. */
final class Strftime {

  private Strftime() {}

  /**
   * Fills in a pattern such as {@code %d %b %Y}.
   *
   * @throws JinjaException if the pattern has a directive other than {@code aAbBdeHIjmMpSyY%}; a
   *     hyphen after the percent sign drops leading zeros
   */
  static String format(String pattern, LocalDateTime time) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < pattern.length(); i++) {
      char c = pattern.charAt(i);
      if (c != '%' || i + 1 == pattern.length()) {
        text.append(c);
        continue;
      }
      boolean unpadded = pattern.charAt(i + 1) == '-' && i + 2 < pattern.length();
      i += unpadded ? 2 : 1;
      String part = directive(pattern.charAt(i), time);
      text.append(unpadded ? part.replaceFirst("^[0 ]+(?=.)", "") : part);
    }
    return text.toString();
  }

  private static String directive(char directive, LocalDateTime time) {
    if (directive == '%') {
      return "%";
    } else if (directive == 'e') {
      return String.format(Locale.ROOT, "%2d", time.getDayOfMonth());
    }
    String java =
        switch (directive) {
          case 'a' -> "EEE";
          case 'A' -> "EEEE";
          case 'b' -> "MMM";
          case 'B' -> "MMMM";
          case 'd' -> "dd";
          case 'H' -> "HH";
          case 'I' -> "hh";
          case 'j' -> "DDD";
          case 'm' -> "MM";
          case 'M' -> "mm";
          case 'p' -> "a";
          case 'S' -> "ss";
          case 'y' -> "yy";
          case 'Y' -> "yyyy";
          default -> throw new JinjaException("strftime_now does not know %" + directive);
        };
    // Locale.ENGLISH has September as Sep; Locale.UK, in newer Javas, as Sept.
    return DateTimeFormatter.ofPattern(java, Locale.ENGLISH).format(time);
  }
}
