package doorbell.cli.doctor;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import doorbell.cli.doctor.Finding.Check;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** The check of TLS: version, chain, host name and dates, as a browser looks at them. */
final class Certificate {
  private static final Duration HANDSHAKE = Duration.ofSeconds(10);

  /** A certificate is renewed with more than this part of its life left, or longer before. */
  private static final int PART_OF_LIFE = 10;

  private static final Duration SOON = Duration.ofDays(14);

  /** How the text begins of a certificate that is good for now. */
  static final String HOLDS = "the certificate holds until ";

  private static final String RENEW = "Renew it, and see why nothing did: certbot, acme.sh, Caddy.";
  private static final String OWN_CA =
      "For a CA of your own: --ca FILE, its certificate in PEM. Browsers must know it too.";

  private Certificate() {}

  static Finding check(Site site) {
    return check(site, HANDSHAKE);
  }

  /** {@code most} is the time for all of it, however many bytes come meanwhile. */
  static Finding check(Site site, Duration most) {
    if (!site.isTls()) {
      return Check.TLS.untried("plain http: a page that comes by https can't use this URL");
    }
    Witness witness = new Witness(site.trust().manager);
    CompletableFuture<Boolean> late = new CompletableFuture<>();
    try (Socket plain = new Socket()) {
      late.completeOnTimeout(true, most.toMillis(), MILLISECONDS).thenRun(() -> close(plain));
      plain.connect(new InetSocketAddress(site.host(), site.port()));
      return handshake(site, plain, witness);
    } catch (IOException e) {
      String failure = late.isDone() ? "there is no answer" : Answer.failure(e);
      return e instanceof SSLException why && !late.isDone()
          ? refused(site, witness.chain, why)
          : Check.TLS.cross("in the handshake, " + failure);
    } finally {
      late.cancel(true);
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Finding refused(Site site, List<X509Certificate> chain, SSLException why) {
    return chain.isEmpty()
        ? beforeTheCertificate(site, why)
        : distrusted(site.host(), chain, Instant.now(), String.valueOf(why.getMessage()));
  }

  private static Finding handshake(Site site, Socket plain, Witness witness) throws IOException {
    SSLContext context = context(witness);
    try (SSLSocket socket =
        (SSLSocket)
            context.getSocketFactory().createSocket(plain, site.host(), site.port(), true)) {
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      socket.setSSLParameters(parameters);
      socket.startHandshake();
      return trusted(socket.getSession().getProtocol(), witness.chain.getFirst(), Instant.now());
    }
  }

  static Finding trusted(String version, X509Certificate leaf, Instant now) {
    Instant end = leaf.getNotAfter().toInstant();
    Duration left = Duration.between(now, end);
    Duration life = Duration.between(leaf.getNotBefore().toInstant(), end);
    String until = HOLDS + date(end);
    if (left.compareTo(SOON) < 0 && left.multipliedBy(PART_OF_LIFE).compareTo(life) < 0) {
      return Check.TLS.cross(until + ", for " + Finding.time(left) + " only", RENEW);
    }
    return Check.TLS.well(until + "; " + version.replace("TLSv", "TLS "));
  }

  /** A refusal of a chain: the first of the usual reasons that holds. */
  static Finding distrusted(String host, List<X509Certificate> chain, Instant now, String why) {
    X509Certificate leaf = chain.getFirst();
    if (now.isAfter(leaf.getNotAfter().toInstant())) {
      return Check.TLS.cross(
          "the certificate ended on " + date(leaf.getNotAfter().toInstant()), RENEW);
    }
    if (now.isBefore(leaf.getNotBefore().toInstant())) {
      return Check.TLS.cross(
          "the certificate begins on " + date(leaf.getNotBefore().toInstant()),
          "Is the clock of this machine right?");
    }
    List<String> names = names(leaf);
    if (!isFor(host, names)) {
      return Check.TLS.cross(
          "the certificate isn't for " + host + ", but for " + listed(names),
          "Get one for this name, or use a URL with that one.");
    }
    return why.contains("PKIX path building failed")
        ? fromNobodyKnown(chain)
        : Check.TLS.cross("the certificate is refused: " + Answer.printable(why));
  }

  private static Finding fromNobodyKnown(List<X509Certificate> chain) {
    X509Certificate leaf = chain.getFirst();
    String issuer = Answer.printable(chain.getLast().getIssuerX500Principal().getName());
    if (leaf.getSubjectX500Principal().equals(leaf.getIssuerX500Principal())) {
      return Check.TLS.cross(
          "the certificate is signed by nobody but itself, so browsers refuse it",
          "Get one of a CA such as Let's Encrypt.",
          OWN_CA);
    }
    if (chain.size() == 1) {
      return Check.TLS.cross(
          "the certificate isn't trusted: nothing leads from it to a CA known here; it is by "
              + issuer,
          "The server may send too little: give it the whole chain, fullchain.pem.",
          OWN_CA);
    }
    return Check.TLS.cross(
        "the certificate isn't trusted: its chain ends at a CA unknown here, " + issuer, OWN_CA);
  }

  private static Finding beforeTheCertificate(Site site, SSLException why) {
    String message = String.valueOf(why.getMessage());
    if (message.contains("Unsupported or unrecognized SSL message")) {
      return Check.TLS.cross(
          "no TLS is spoken at port " + site.port(),
          "Use http:// in the URL, or the port where the web server speaks TLS.");
    }
    if (message.contains("protocol_version") || message.contains("protocol version")) {
      return Check.TLS.cross(
          "no version of TLS that browsers speak: they want 1.2 or 1.3",
          "Have the web server speak TLS 1.2 and 1.3.");
    }
    if (message.contains("unrecognized_name")) {
      return Check.TLS.cross(
          "the web server has no certificate for " + site.host(),
          "Give it one for this name, or correct the name in the URL.");
    }
    return Check.TLS.cross("the handshake fails: " + Answer.printable(message));
  }

  /** The names that a certificate is for. */
  private static List<String> names(X509Certificate leaf) {
    List<String> names = new ArrayList<>();
    try {
      var all = leaf.getSubjectAlternativeNames();
      for (List<?> name : all == null ? List.<List<?>>of() : all) {
        if (name.get(1) instanceof String text) {
          names.add(Answer.printable(text));
        }
      }
    } catch (CertificateException e) {
      names.add(Answer.printable(e.toString()));
    }
    return names;
  }

  /** Whether a name covers the host: itself, or its first label by a star. */
  static boolean isFor(String host, List<String> names) {
    String star = host.replaceFirst("^[^.]+", "*");
    return names.stream().anyMatch(name -> isSame(name, host) || name.equalsIgnoreCase(star));
  }

  private static boolean isSame(String name, String host) {
    return name.equalsIgnoreCase(host)
        // Java writes an address of IPv6 in full.
        || (host.indexOf(':') >= 0 && Reach.full(host).equals(name));
  }

  private static String listed(List<String> names) {
    String first = names.stream().limit(4).collect(Collectors.joining(", "));
    return first.isEmpty() ? "no name at all" : first + (names.size() > 4 ? ", ..." : "");
  }

  private static String date(Instant when) {
    return LocalDate.ofInstant(when, ZoneOffset.UTC).toString();
  }

  private static SSLContext context(TrustManager trust) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {trust}, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java speaks no TLS", e);
    }
  }

  /** Whose certificates are trusted. */
  static final class Trust {
    private final X509ExtendedTrustManager manager;

    private Trust(X509ExtendedTrustManager manager) {
      this.manager = manager;
    }

    /**
     * Those that Java trusts, and those of the file, PEM, if there is one.
     *
     * @throws IllegalArgumentException with a sentence if the file has no certificate
     */
    static Trust of(@Nullable Path file) {
      try {
        X509ExtendedTrustManager usual = manager(null);
        return new Trust(file == null ? usual : manager(store(usual.getAcceptedIssuers(), file)));
      } catch (GeneralSecurityException | IOException e) {
        throw new IllegalArgumentException(
            "can't take a certificate from " + file + "; is it in PEM? (" + e.getMessage() + ")",
            e);
      }
    }

    SSLContext context() {
      return Certificate.context(manager);
    }

    private static KeyStore store(X509Certificate[] usual, Path file)
        throws GeneralSecurityException, IOException {
      KeyStore all = KeyStore.getInstance(KeyStore.getDefaultType());
      all.load(null, null);
      try (InputStream in = Files.newInputStream(file)) {
        var own = CertificateFactory.getInstance("X.509").generateCertificates(in);
        if (own.isEmpty()) {
          throw new CertificateException("there is none");
        }
        for (var one : Stream.concat(Stream.of(usual), own.stream()).toList()) {
          all.setCertificateEntry("ca" + all.size(), one);
        }
      }
      return all;
    }

    private static X509ExtendedTrustManager manager(@Nullable KeyStore of)
        throws GeneralSecurityException {
      TrustManagerFactory factory =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init(of);
      return (X509ExtendedTrustManager) factory.getTrustManagers()[0];
    }
  }

  /** Trusts as another does, and remembers what the server sent. */
  private static final class Witness extends X509ExtendedTrustManager {
    private final X509ExtendedTrustManager judge;
    private List<X509Certificate> chain = List.of();

    Witness(X509ExtendedTrustManager judge) {
      this.judge = judge;
    }

    @Override
    public void checkServerTrusted(X509Certificate[] sent, String type, Socket socket)
        throws CertificateException {
      chain = List.of(sent);
      judge.checkServerTrusted(sent, type, socket);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] sent, String type, SSLEngine engine)
        throws CertificateException {
      judge.checkServerTrusted(sent, type, engine);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] sent, String type)
        throws CertificateException {
      judge.checkServerTrusted(sent, type);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] sent, String type, Socket socket)
        throws CertificateException {
      judge.checkClientTrusted(sent, type, socket);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] sent, String type, SSLEngine engine)
        throws CertificateException {
      judge.checkClientTrusted(sent, type, engine);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] sent, String type)
        throws CertificateException {
      judge.checkClientTrusted(sent, type);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return judge.getAcceptedIssuers();
    }
  }
}
