// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Makes certificates as a test wants them, right and wrong ones. */
public final class TestCertificates {
    private static final AtomicInteger SERIALS = new AtomicInteger(1);
    private static final byte[] COMMON_NAME = Der.oid(2, 5, 4, 3);

    private final String algorithm;
    private @Nullable TlsIdentity issuer;
    private boolean authority;
    private Instant from = Instant.now().minus(Duration.ofDays(2));
    private Instant to = Instant.now().plus(Duration.ofDays(2));
    private final List<byte[]> names = new ArrayList<>();
    private String subject = "test";

    private TestCertificates(String algorithm) {
        this.algorithm = algorithm;
    }

    public static TestCertificates ec() {
        return new TestCertificates("EC");
    }

    public static TestCertificates rsa() {
        return new TestCertificates("RSA");
    }

    public static TestCertificates ed25519() {
        return new TestCertificates("Ed25519");
    }

    /** A root. */
    public static TlsIdentity root(String name) {
        return ec().authority().named(name).make();
    }

    public TestCertificates named(String commonName) {
        subject = commonName;
        return this;
    }

    public TestCertificates authority() {
        authority = true;
        return this;
    }

    public TestCertificates issuedBy(TlsIdentity by) {
        issuer = by;
        return this;
    }

    public TestCertificates expired() {
        to = Instant.now().minus(Duration.ofDays(1));
        return this;
    }

    public TestCertificates notYetValid() {
        from = Instant.now().plus(Duration.ofDays(1));
        return this;
    }

    public TestCertificates forHost(String name) {
        names.add(Der.of(0x82, name.getBytes(StandardCharsets.US_ASCII)));
        return this;
    }

    public TestCertificates forAddress(String literal) {
        names.add(Der.of(0x87, InetAddress.ofLiteral(literal).getAddress()));
        return this;
    }

    public TlsIdentity make() {
        try {
            final KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
            if (!algorithm.equals("Ed25519")) {
                generator.initialize(algorithm.equals("EC") ? 256 : 2048);
            }
            final KeyPair pair = generator.generateKeyPair();
            final byte[] name = name(subject);
            final TlsIdentity by = issuer;
            final byte[] issuerName = by == null
                    ? name
                    : by.certificate().getSubjectX500Principal().getEncoded();
            final var signer = by == null ? pair.getPrivate() : by.key();
            final boolean rsa = signer.getAlgorithm().equals("RSA");
            final boolean ec = signer.getAlgorithm().equals("EC");
            final byte[] signatureAlgorithm = rsa
                    ? Der.sequence(Der.oid(1, 2, 840, 113_549, 1, 1, 11), Der.of(Der.NULL))
                    : Der.sequence(ec ? Der.oid(1, 2, 840, 10_045, 4, 3, 2) : Der.oid(1, 3, 101, 112));
            final byte[] content = Der.sequence(
                    Der.of(0xa0, Der.integer(2)),
                    Der.of(
                            Der.INTEGER,
                            BigInteger.valueOf(SERIALS.getAndIncrement()).toByteArray()),
                    signatureAlgorithm,
                    issuerName,
                    Der.sequence(time(from), time(to)),
                    name,
                    pair.getPublic().getEncoded(),
                    Der.of(0xa3, Der.sequence(extensions())));
            final Signature signature =
                    Signature.getInstance(rsa ? "SHA256withRSA" : ec ? "SHA256withECDSA" : "Ed25519");
            signature.initSign(signer);
            signature.update(content);
            final X509Certificate certificate = (X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(
                            Der.sequence(content, signatureAlgorithm, Der.bits(signature.sign()))));
            final List<X509Certificate> chain = new ArrayList<>(List.of(certificate));
            // The root is not sent.
            if (by != null && by.chain().size() + (isSelfSigned(by) ? 0 : 1) > 1) {
                chain.addAll(by.chain());
            }
            return new TlsIdentity(chain, pair.getPrivate());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** An issuer's revocation list, which is in force until {@code next}. */
    public static X509CRL revocations(TlsIdentity issuer, Instant next, X509Certificate... revoked) {
        try {
            final byte[] algorithm = Der.sequence(Der.oid(1, 2, 840, 10_045, 4, 3, 2));
            final byte[] issued = time(next.minus(Duration.ofDays(30)));
            final List<byte[]> entries = new ArrayList<>();
            for (X509Certificate certificate : revoked) {
                entries.add(Der.sequence(
                        Der.of(Der.INTEGER, certificate.getSerialNumber().toByteArray()), issued));
            }
            final List<byte[]> fields = new ArrayList<>(List.of(
                    Der.integer(1),
                    algorithm,
                    issuer.certificate().getSubjectX500Principal().getEncoded(),
                    issued,
                    time(next)));
            if (!entries.isEmpty()) {
                fields.add(Der.sequence(entries.toArray(byte[][]::new)));
            }
            final byte[] content = Der.sequence(fields.toArray(byte[][]::new));
            final Signature signature = Signature.getInstance("SHA256withECDSA");
            signature.initSign(issuer.key());
            signature.update(content);
            return (X509CRL) CertificateFactory.getInstance("X.509")
                    .generateCRL(
                            new ByteArrayInputStream(Der.sequence(content, algorithm, Der.bits(signature.sign()))));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean isSelfSigned(TlsIdentity identity) {
        return identity.certificate()
                .getIssuerX500Principal()
                .equals(identity.certificate().getSubjectX500Principal());
    }

    private byte[] extensions() {
        final var all = new ByteArrayOutputStream();
        if (!names.isEmpty()) {
            all.writeBytes(Der.sequence(
                    Der.oid(2, 5, 29, 17), Der.of(Der.OCTET_STRING, Der.sequence(names.toArray(byte[][]::new)))));
        }
        all.writeBytes(Der.sequence(
                Der.oid(2, 5, 29, 19),
                Der.of(Der.BOOLEAN, new byte[] {-1}),
                Der.of(
                        Der.OCTET_STRING,
                        authority ? Der.sequence(Der.of(Der.BOOLEAN, new byte[] {-1})) : Der.sequence())));
        if (authority) {
            // RFC 5280, 4.2.1.3: certificates and revocation lists are what the key signs.
            all.writeBytes(Der.sequence(
                    Der.oid(2, 5, 29, 15),
                    Der.of(Der.BOOLEAN, new byte[] {-1}),
                    Der.of(Der.OCTET_STRING, Der.of(Der.BIT_STRING, new byte[] {1, 0b110}))));
        }
        return all.toByteArray();
    }

    private static byte[] name(String commonName) {
        return Der.sequence(Der.of(Der.SET, Der.sequence(COMMON_NAME, Der.utf8(commonName))));
    }

    private static byte[] time(Instant instant) {
        return Der.of(
                Der.UTC_TIME,
                DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'")
                        .format(instant.atZone(ZoneOffset.UTC))
                        .getBytes(StandardCharsets.US_ASCII));
    }

    /** Writes the chain and the key, in one file. */
    public static Path write(TlsIdentity identity, Path file) throws IOException {
        return Files.writeString(file, Tls.pem(identity));
    }
}
