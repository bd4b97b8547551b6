package doorbell.io.tls;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.PSSParameterSpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A certificate's chain, the certificate first, and the private key, as PEM files hold both: in any
 * order, with text between, and the key as PKCS#8, PKCS#1 or SEC1.
 */
record KeyPair(List<X509Certificate> chain, PrivateKey key) {
  private static final String DASHES = "-----";
  private static final String BEGIN = DASHES + "BEGIN ";
  private static final String END = DASHES + "END ";
  private static final String CERTIFICATE = "CERTIFICATE";

  /** Names of a certificate; OpenSSL wrote the second in the past, and still takes it. */
  private static final List<String> CERTIFICATES = List.of(CERTIFICATE, "X509 CERTIFICATE");

  private static final String PKCS8 = "PRIVATE KEY";
  private static final List<String> KEYS = List.of(PKCS8, "RSA PRIVATE KEY", "EC PRIVATE KEY");
  private static final Map<String, String> SIGNATURES =
      Map.of("RSA", "SHA256withRSA", "EC", "SHA256withECDSA", "DSA", "SHA256withDSA");

  private static final int INTEGER = 0x02;
  private static final int OCTETS = 0x04;
  private static final int SEQUENCE = 0x30;

  private record Block(String name, String text) {
    boolean isKey() {
      return name.endsWith(PKCS8);
    }

    byte[] bytes() {
      return Base64.getMimeDecoder().decode(text);
    }
  }

  /** Reads the pair out of the files' contents; an exception tells the fault in one sentence. */
  static KeyPair read(PemFiles files, String chain, String key) throws GeneralSecurityException {
    List<X509Certificate> certificates = certificates(files.chain(), blocks(chain));
    for (Block block : keys(files.key(), blocks(key))) {
      for (X509Certificate certificate : certificates) {
        PrivateKey found = key(block, certificate.getPublicKey());
        if (found != null) {
          return new KeyPair(ordered(certificate, certificates), found);
        }
      }
    }
    throw new GeneralSecurityException("the key is another certificate's, or broken");
  }

  static GeneralSecurityException ofNoUse(String kind, @Nullable Exception why) {
    return new GeneralSecurityException(
        "no client gets through with a key of this kind, %s: make one with openssl ecparam -genkey"
                .formatted(kind)
            + " -name prime256v1",
        why);
  }

  /** Uses no regular expression, since the stack of a match grows with the file. */
  private static List<Block> blocks(String file) {
    List<Block> blocks = new ArrayList<>();
    int begin = file.indexOf(BEGIN);
    while (begin >= 0) {
      int name = begin + BEGIN.length();
      int nameEnd = file.indexOf(DASHES, name);
      int text = nameEnd + DASHES.length();
      int end = nameEnd < 0 ? -1 : file.indexOf(DASHES, text);
      if (end < 0) {
        break;
      }
      String kind = file.substring(name, nameEnd);
      if (file.startsWith(END + kind + DASHES, end)) {
        blocks.add(new Block(kind, file.substring(text, end)));
      }
      begin = file.indexOf(BEGIN, name);
    }
    return blocks;
  }

  private static List<X509Certificate> certificates(Path file, List<Block> blocks)
      throws GeneralSecurityException {
    List<X509Certificate> certificates = new ArrayList<>();
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    for (Block block : blocks) {
      if (CERTIFICATES.contains(block.name)) {
        X509Certificate certificate = certificate(file, factory, block);
        if (!certificates.contains(certificate)) { // The chain may repeat the certificate.
          certificates.add(certificate);
        }
      }
    }
    if (certificates.isEmpty()) {
      throw new GeneralSecurityException(
          blocks.stream().anyMatch(Block::isKey)
              ? "the file given as certificate is a key"
              : ("there is no whole BEGIN CERTIFICATE in %s;"
                      + " if it is DER: openssl x509 -inform der -in %s")
                  .formatted(file, file));
    }
    return certificates;
  }

  private static X509Certificate certificate(Path file, CertificateFactory factory, Block block)
      throws GeneralSecurityException {
    try {
      ByteArrayInputStream bytes = new ByteArrayInputStream(block.bytes());
      return (X509Certificate) factory.generateCertificate(bytes);
    } catch (CertificateException | RuntimeException e) { // Java's own readers fail in any way.
      throw new GeneralSecurityException(
          "a certificate in " + file + " is broken, or of a kind that is unknown here", e);
    }
  }

  private static List<Block> keys(Path file, List<Block> blocks) throws GeneralSecurityException {
    List<Block> keys = blocks.stream().filter(block -> KEYS.contains(block.name)).toList();
    boolean locked =
        blocks.stream()
            .anyMatch(block -> block.isKey() && (block.name + block.text).contains("ENCRYPTED"));
    if (locked) {
      throw new GeneralSecurityException(
          "the key has a password; write it without: openssl pkey -in " + file);
    }
    if (keys.isEmpty()) {
      throw new GeneralSecurityException(
          blocks.stream().anyMatch(block -> block.name.equals(CERTIFICATE))
              ? "the file given as key is a certificate"
              : "there is no whole BEGIN PRIVATE KEY in %s; to convert it: openssl pkey -in %s"
                  .formatted(file, file));
    }
    return keys;
  }

  /**
   * The key, if {@code of} is the key's public half: the libraries would only notice at a
   * handshake.
   */
  private static @Nullable PrivateKey key(Block block, PublicKey of)
      throws GeneralSecurityException {
    PrivateKey key;
    try {
      byte[] pkcs8 = block.name.equals(PKCS8) ? block.bytes() : wrapped(block.bytes(), of);
      key =
          KeyFactory.getInstance(of.getAlgorithm()).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
    } catch (GeneralSecurityException | RuntimeException e) {
      return null;
    }
    return isPair(key, of) ? key : null;
  }

  /** Wraps PKCS#1 or SEC1 as PKCS#8, which adds only the algorithm, named by the public key. */
  private static byte[] wrapped(byte[] key, PublicKey of) {
    byte[] spki = of.getEncoded();
    int algorithm = content(spki, 0);
    int end = content(spki, algorithm) + length(spki, algorithm);
    ByteArrayOutputStream inside = new ByteArrayOutputStream();
    inside.writeBytes(new byte[] {INTEGER, 1, 0});
    inside.write(spki, algorithm, end - algorithm);
    inside.writeBytes(element(OCTETS, key));
    return element(SEQUENCE, inside.toByteArray());
  }

  private static byte[] element(int tag, byte[] content) {
    int length = content.length;
    ByteArrayOutputStream element = new ByteArrayOutputStream();
    element.writeBytes(
        new byte[] {(byte) tag, (byte) 0x83, (byte) (length >> 16), (byte) (length >> 8)});
    element.write(length);
    element.writeBytes(content);
    return element.toByteArray();
  }

  /** Index at which the content begins of the DER element at {@code at}. */
  private static int content(byte[] der, int at) {
    return at + 2 + (der[at + 1] < 0 ? der[at + 1] & 0x7f : 0);
  }

  private static int length(byte[] der, int at) {
    int length = der[at + 1] & 0x7f;
    if (der[at + 1] < 0) {
      int end = at + 2 + length;
      length = 0;
      for (int i = at + 2; i < end; i++) {
        length = length << 8 | (der[i] & 0xff);
      }
    }
    return length;
  }

  private static boolean isPair(PrivateKey key, PublicKey of) throws GeneralSecurityException {
    Signature signature = signature(of);
    byte[] signed;
    try {
      signature.initSign(key);
      signature.update(of.getEncoded());
      signed = signature.sign();
    } catch (GeneralSecurityException
        | RuntimeException e) { // Java knows some curves by name only.
      throw ofNoUse(of.getAlgorithm(), e);
    }
    try {
      signature.initVerify(of);
      signature.update(of.getEncoded());
      return signature.verify(signed);
    } catch (GeneralSecurityException | RuntimeException e) {
      return false;
    }
  }

  private static Signature signature(PublicKey of) throws GeneralSecurityException {
    Signature signature =
        Signature.getInstance(SIGNATURES.getOrDefault(of.getAlgorithm(), of.getAlgorithm()));
    if (of.getAlgorithm().equals("RSASSA-PSS")) {
      signature.setParameter(
          new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1));
    }
    return signature;
  }

  /** Orders each certificate before its signer; other certificates are left out. */
  private static List<X509Certificate> ordered(
      X509Certificate first, List<X509Certificate> certificates) {
    List<X509Certificate> left = new ArrayList<>(certificates);
    List<X509Certificate> chain = new ArrayList<>();
    for (X509Certificate next = first; next != null; ) {
      left.remove(next);
      chain.add(next);
      X509Certificate last = next;
      next =
          left.stream()
              .filter(c -> c.getSubjectX500Principal().equals(last.getIssuerX500Principal()))
              .findFirst()
              .orElse(null);
    }
    return List.copyOf(chain);
  }
}
