// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CRLException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/** Certificates and keys as text (RFC 7468). Stateless. */
final class Pem {
    /** The bundles of systems have some hundred KiB. */
    private static final long MAX_FILE_BYTES = 16 << 20;

    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \\1-----", Pattern.DOTALL);
    private static final byte[] RSA_ALGORITHM = Der.sequence(Der.oid(1, 2, 840, 113_549, 1, 1, 1), Der.of(Der.NULL));
    private static final byte[] EC_OID = Der.oid(1, 2, 840, 10_045, 2, 1);
    private static final int EC_PARAMETERS = 0xa0;

    private static final class Block {
        final String label;
        final byte[] bytes;

        Block(String label, byte[] bytes) {
            this.label = label;
            this.bytes = bytes;
        }
    }

    private Pem() {}

    /** All certificates of a file, in their order; at least one. */
    static List<X509Certificate> certificates(Path file) throws IOException {
        final List<X509Certificate> certificates = new ArrayList<>();
        try {
            final CertificateFactory factory = CertificateFactory.getInstance("X.509");
            for (Block block : blocks(file)) {
                if (block.label.equals("CERTIFICATE") || block.label.equals("X509 CERTIFICATE")) {
                    certificates.add(
                            (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(block.bytes)));
                }
            }
        } catch (CertificateException e) {
            throw new IOException(file + ": a certificate cannot be read: " + e.getMessage(), e);
        }
        if (certificates.isEmpty()) {
            throw new IOException(file + ": there is no certificate in it (BEGIN CERTIFICATE)");
        }
        return certificates;
    }

    /** All revocation lists of a file, or the one in DER that it is; at least one. */
    static List<X509CRL> revocations(Path file) throws IOException {
        final List<X509CRL> lists = new ArrayList<>();
        try {
            final CertificateFactory factory = CertificateFactory.getInstance("X.509");
            for (Block block : blocks(file)) {
                if (block.label.equals("X509 CRL")) {
                    lists.add((X509CRL) factory.generateCRL(new ByteArrayInputStream(block.bytes)));
                }
            }
            if (lists.isEmpty()) {
                lists.add((X509CRL) factory.generateCRL(new ByteArrayInputStream(Files.readAllBytes(file))));
            }
        } catch (CertificateException | CRLException e) {
            throw new IOException(file + ": a revocation list (BEGIN X509 CRL) cannot be read: " + e.getMessage(), e);
        }
        return lists;
    }

    /**
     * The first private key of a file: PKCS#8, plain or encrypted, PKCS#1 or SEC 1.
     *
     * @param algorithm of the certificate's public key, as the JDK calls it
     * @param password of an encrypted one
     */
    static PrivateKey privateKey(Path file, String algorithm, Optional<String> password) throws IOException {
        try {
            byte[] curve = {};
            for (Block block : blocks(file)) {
                switch (block.label) {
                    case "PRIVATE KEY" -> {
                        return key(algorithm, block.bytes);
                    }
                    case "ENCRYPTED PRIVATE KEY" -> {
                        return key(algorithm, decrypt(file, block.bytes, password));
                    }
                    case "RSA PRIVATE KEY" -> {
                        return key(algorithm, pkcs8(RSA_ALGORITHM, block.bytes));
                    }
                    case "EC PARAMETERS" -> curve = block.bytes;
                    case "EC PRIVATE KEY" -> {
                        return key(algorithm, pkcs8OfSec1(block.bytes, curve));
                    }
                    default -> {
                        // The certificates may stand in the same file.
                    }
                }
            }
        } catch (GeneralSecurityException e) {
            throw new IOException(
                    file + ": the key cannot be read as one of " + algorithm + ", as the certificate's is: "
                            + e.getMessage(),
                    e);
        }
        throw new IOException(file + ": there is no private key in it (BEGIN PRIVATE KEY)");
    }

    private static PrivateKey key(String algorithm, byte[] pkcs8) throws GeneralSecurityException {
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
    }

    private static byte[] decrypt(Path file, byte[] encrypted, Optional<String> password)
            throws IOException, GeneralSecurityException {
        if (password.isEmpty()) {
            throw new IOException(file + ": the key is encrypted, and no password was given");
        }
        final EncryptedPrivateKeyInfo info = new EncryptedPrivateKeyInfo(encrypted);
        // Of PBES2 the name of the algorithm does not say which; its parameters do.
        final String parameters = String.valueOf(info.getAlgParameters());
        final String scheme = parameters.startsWith("PBEWith") ? parameters : info.getAlgName();
        final PBEKeySpec spec = new PBEKeySpec(password.get().toCharArray());
        try {
            final Cipher cipher = Cipher.getInstance(scheme);
            cipher.init(
                    Cipher.DECRYPT_MODE,
                    SecretKeyFactory.getInstance(scheme).generateSecret(spec),
                    info.getAlgParameters());
            return info.getKeySpec(cipher).getEncoded();
        } catch (GeneralSecurityException e) {
            throw new IOException(file + ": the key cannot be decrypted; is the password right? " + e.getMessage(), e);
        } finally {
            spec.clearPassword();
        }
    }

    /** RFC 5958, 2. */
    private static byte[] pkcs8(byte[] algorithm, byte[] key) {
        return Der.sequence(Der.integer(0), algorithm, Der.of(Der.OCTET_STRING, key));
    }

    /** RFC 5915, 3: the curve stands in the key, or before it. */
    private static byte[] pkcs8OfSec1(byte[] key, byte[] curveBefore) throws IOException {
        final Der.Input fields = new Der.Input(key).enter(Der.SEQUENCE);
        fields.enter(Der.INTEGER);
        fields.enter(Der.OCTET_STRING);
        final byte[] curve =
                fields.tag() == EC_PARAMETERS ? fields.enter(EC_PARAMETERS).element() : curveBefore;
        if (curve.length == 0) {
            throw new IOException("The key does not say of which curve it is");
        }
        return pkcs8(Der.sequence(EC_OID, curve), key);
    }

    private static List<Block> blocks(Path file) throws IOException {
        if (Files.size(file) > MAX_FILE_BYTES) {
            throw new IOException(file + ": too large for certificates and keys");
        }
        final byte[] bytes = Files.readAllBytes(file);
        final String text = new String(bytes, StandardCharsets.ISO_8859_1);
        Arrays.fill(bytes, (byte) 0);
        final List<Block> blocks = new ArrayList<>();
        final Matcher matcher = BLOCK.matcher(text);
        while (matcher.find()) {
            if (matcher.group(2).contains("Proc-Type")) {
                throw new IOException(file + ": keys that are encrypted in the old way of OpenSSL are not read;"
                        + " convert it: openssl pkcs8 -topk8 -in KEY -out NEW");
            }
            try {
                blocks.add(new Block(matcher.group(1), Base64.getMimeDecoder().decode(matcher.group(2))));
            } catch (IllegalArgumentException e) {
                throw new IOException(file + ": " + matcher.group(1) + " is not Base64", e);
            }
        }
        return blocks;
    }

    /** As text. */
    static String encode(String label, byte[] bytes) {
        return "-----BEGIN " + label + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes) + "\n-----END " + label
                + "-----\n";
    }
}
