// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Makes a certificate that signs itself (RFC 5280), which the JDK has no public means to. Stateless. */
final class SelfSigned {
    /** Clocks differ. */
    private static final Duration BEFORE = Duration.ofHours(1);

    private static final byte[] ECDSA_SHA256 = Der.sequence(Der.oid(1, 2, 840, 10_045, 4, 3, 2));
    private static final byte[] COMMON_NAME = Der.oid(2, 5, 4, 3);
    private static final byte[] ALT_NAME = Der.oid(2, 5, 29, 17);
    private static final byte[] BASIC_CONSTRAINTS = Der.oid(2, 5, 29, 19);
    private static final byte[] KEY_USAGE = Der.oid(2, 5, 29, 15);
    private static final byte[] EXTENDED_KEY_USAGE = Der.oid(2, 5, 29, 37);
    private static final byte[] SERVER_AUTH = Der.oid(1, 3, 6, 1, 5, 5, 7, 3, 1);
    private static final byte[] CLIENT_AUTH = Der.oid(1, 3, 6, 1, 5, 5, 7, 3, 2);

    private static final int VERSION = 0xa0;
    private static final int EXTENSIONS = 0xa3;
    private static final int DNS_NAME = 0x82;
    private static final int IP_ADDRESS = 0x87;

    private SelfSigned() {}

    /** @param names of hosts and addresses, besides those of this machine for itself */
    static TlsIdentity make(List<String> names, Duration life) {
        final Set<String> all = new LinkedHashSet<>(names);
        all.addAll(List.of("localhost", "127.0.0.1", "::1"));
        try {
            final KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            final KeyPair pair = generator.generateKeyPair();
            final byte[] content = content(all, pair, life);
            final Signature signature = Signature.getInstance("SHA256withECDSA");
            signature.initSign(pair.getPrivate());
            signature.update(content);
            final byte[] certificate = Der.sequence(content, ECDSA_SHA256, Der.bits(signature.sign()));
            return new TlsIdentity(
                    List.of((X509Certificate) CertificateFactory.getInstance("X.509")
                            .generateCertificate(new ByteArrayInputStream(certificate))),
                    pair.getPrivate());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("The JDK has no elliptic curves", e);
        }
    }

    private static byte[] content(Set<String> names, KeyPair pair, Duration life) {
        final byte[] serial = new byte[16];
        new SecureRandom().nextBytes(serial);
        // Positive, and no leading zero.
        serial[0] = (byte) ((serial[0] & 0x3f) | 0x40);
        final byte[] name = Der.sequence(Der.of(
                Der.SET, Der.sequence(COMMON_NAME, Der.utf8(names.iterator().next()))));
        final Instant now = Instant.now();
        return Der.sequence(
                Der.of(VERSION, Der.integer(2)),
                Der.of(Der.INTEGER, serial),
                ECDSA_SHA256,
                name,
                Der.sequence(time(now.minus(BEFORE)), time(now.plus(life))),
                name,
                pair.getPublic().getEncoded(),
                Der.of(
                        EXTENSIONS,
                        Der.sequence(
                                extension(ALT_NAME, false, altNames(names)),
                                // Itself an authority, for those who take it as their only root.
                                extension(BASIC_CONSTRAINTS, true, Der.sequence(Der.of(Der.BOOLEAN, new byte[] {-1}))),
                                // digitalSignature and keyCertSign
                                extension(KEY_USAGE, true, Der.of(Der.BIT_STRING, new byte[] {2, (byte) 0x84})),
                                extension(EXTENDED_KEY_USAGE, false, Der.sequence(SERVER_AUTH, CLIENT_AUTH)))));
    }

    /** RFC 5280, 4.1.2.5: two digits for the year until 2049 (UTCTime), four after it. */
    private static byte[] time(Instant instant) {
        final var utc = instant.atZone(ZoneOffset.UTC);
        final boolean shortYear = utc.getYear() < 2050;
        final String text = DateTimeFormatter.ofPattern(shortYear ? "yyMMddHHmmss'Z'" : "yyyyMMddHHmmss'Z'")
                .format(utc);
        return Der.of(shortYear ? Der.UTC_TIME : Der.GENERALIZED_TIME, text.getBytes(StandardCharsets.US_ASCII));
    }

    private static byte[] altNames(Set<String> names) {
        final var all = new ByteArrayOutputStream();
        for (String name : names) {
            all.writeBytes(
                    HostNames.isAddress(name)
                            ? Der.of(IP_ADDRESS, address(name))
                            : Der.of(DNS_NAME, name.getBytes(StandardCharsets.US_ASCII)));
        }
        return Der.sequence(all.toByteArray());
    }

    private static byte[] address(String literal) {
        try {
            return InetAddress.ofLiteral(literal).getAddress();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("Neither a host name nor an address: " + literal, e);
        }
    }

    private static byte[] extension(byte[] oid, boolean critical, byte[] value) {
        final byte[] content = Der.of(Der.OCTET_STRING, value);
        return critical ? Der.sequence(oid, Der.of(Der.BOOLEAN, new byte[] {-1}), content) : Der.sequence(oid, content);
    }
}
