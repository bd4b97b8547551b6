package doorbell.client;

import java.util.regex.Pattern;

/** A token that a node wants of who sets. No text of this object shows it. */
final class Token {
  /** The letters of a token: RFC 6750, 2.1. Others would end a header line. */
  private static final Pattern LETTERS = Pattern.compile("[A-Za-z0-9._~+/-]+=*");

  private final String text;

  Token(String text) {
    if (!LETTERS.matcher(text).matches()) {
      throw new IllegalArgumentException("A token has letters, digits and . _ ~ + / - alone.");
    }
    this.text = text;
  }

  /** The value of the header Authorization. */
  String authorization() {
    return "Bearer " + text;
  }
}
