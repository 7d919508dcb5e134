// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.util.Arrays;
import java.util.HexFormat;
import javax.crypto.Cipher;
import javax.crypto.KeyAgreement;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * A client of TLS 1.2 by hand (RFC 5246, 5288 and 8422: ECDHE over P-256, AES-128-GCM), which verifies nothing, and encrypts whatever record it is asked
 * for: no library sends one that is empty.
 */
final class ForgedTls implements AutoCloseable {
    static final int ALERT = 21;
    static final int HANDSHAKE = 22;
    static final int DATA = 23;

    private static final int SERVER_HELLO = 2;
    private static final int SERVER_KEY_EXCHANGE = 12;
    private static final int SERVER_HELLO_DONE = 14;
    private static final int COORDINATE_BYTES = 32;
    /** Suites for ECDSA and RSA, renegotiation_info; P-256, uncompressed points, and with what may be signed. */
    private static final String HELLO_REST = "00" + "0006c02bc02f00ff" + "0100" + "001e" + "000a000400020017"
            + "000b00020100" + "000d000c000a04030503080404010501";

    private final Peer peer;
    private final ByteArrayOutputStream transcript = new ByteArrayOutputStream();
    private final SecretKeySpec key;
    private final byte[] salt;
    private long sequence;

    /** Connects and agrees on keys. */
    ForgedTls(Server server) throws IOException, GeneralSecurityException {
        peer = Peer.connect(server.address());
        final byte[] random = new byte[32];
        Arrays.fill(random, (byte) 7);
        sendHandshake(1, concat(new byte[] {3, 3}, random, HexFormat.of().parseHex(HELLO_REST)));
        byte[] serverRandom = {};
        byte[] point = {};
        for (byte[] message = nextMessage(); message[0] != SERVER_HELLO_DONE; message = nextMessage()) {
            if (message[0] == SERVER_HELLO) {
                serverRandom = Arrays.copyOfRange(message, 6, 38);
            } else if (message[0] == SERVER_KEY_EXCHANGE) {
                point = Arrays.copyOfRange(message, 8, 8 + 1 + 2 * COORDINATE_BYTES);
            }
        }
        final KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        final KeyPair own = generator.generateKeyPair();
        final ECPublicKey known = (ECPublicKey) own.getPublic();
        final KeyAgreement agreement = KeyAgreement.getInstance("ECDH");
        agreement.init(own.getPrivate());
        agreement.doPhase(
                KeyFactory.getInstance("EC")
                        .generatePublic(new ECPublicKeySpec(
                                new ECPoint(
                                        new BigInteger(1, Arrays.copyOfRange(point, 1, 1 + COORDINATE_BYTES)),
                                        new BigInteger(
                                                1, Arrays.copyOfRange(point, 1 + COORDINATE_BYTES, point.length))),
                                known.getParams())),
                true);
        final byte[] master = derive(agreement.generateSecret(), "master secret", concat(random, serverRandom), 48);
        final byte[] block = derive(master, "key expansion", concat(serverRandom, random), 40);
        key = new SecretKeySpec(block, 0, 16, "AES");
        salt = Arrays.copyOfRange(block, 32, 36);
        sendHandshake(
                16,
                concat(
                        new byte[] {1 + 2 * COORDINATE_BYTES, 4},
                        coordinate(known.getW().getAffineX()),
                        coordinate(known.getW().getAffineY())));
        peer.send(new byte[] {20, 3, 3, 0, 1, 1});
        final byte[] hash = MessageDigest.getInstance("SHA-256").digest(transcript.toByteArray());
        peer.send(record(HANDSHAKE, message(20, derive(master, "client finished", hash, 12))));
        // ChangeCipherSpec and Finished, which is not looked at.
        nextRecord();
        nextRecord();
    }

    /** Below TLS. */
    Peer peer() {
        return peer;
    }

    /** An encrypted record. */
    byte[] record(int type, byte... data) throws GeneralSecurityException {
        final byte[] number =
                ByteBuffer.allocate(Long.BYTES).putLong(sequence++).array();
        final Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(Cipher.ENCRYPT_MODE, key, new GCMParameterSpec(128, concat(salt, number)));
        cipher.updateAAD(concat(number, header(type, data.length)));
        final byte[] sealed = cipher.doFinal(data);
        return concat(header(type, number.length + sealed.length), number, sealed);
    }

    /** So many of them. */
    byte[] records(int count, int type, byte... data) throws GeneralSecurityException {
        final var all = new ByteArrayOutputStream();
        for (int i = 0; i < count; i++) {
            all.writeBytes(record(type, data));
        }
        return all.toByteArray();
    }

    private final ByteArrayOutputStream came = new ByteArrayOutputStream();

    private byte[] nextMessage() throws IOException {
        while (true) {
            final byte[] bytes = came.toByteArray();
            final int length =
                    bytes.length < 4 ? 0 : 4 + (ByteBuffer.wrap(bytes).getInt() & 0xff_ff_ff);
            if (bytes.length >= 4 && bytes.length >= length) {
                came.reset();
                came.write(bytes, length, bytes.length - length);
                transcript.write(bytes, 0, length);
                return Arrays.copyOf(bytes, length);
            }
            came.writeBytes(nextRecord());
        }
    }

    private byte[] nextRecord() throws IOException {
        final byte[] header = peer.receive(5);
        final byte[] content = peer.receive(ByteBuffer.wrap(header).getShort(3) & 0xffff);
        if (header[0] == ALERT) {
            throw new IOException("An alert: " + Arrays.toString(content));
        }
        return content;
    }

    private void sendHandshake(int type, byte[] body) throws IOException {
        final byte[] message = message(type, body);
        transcript.writeBytes(message);
        peer.send(concat(header(HANDSHAKE, message.length), message));
    }

    private static byte[] message(int type, byte[] body) {
        return concat(ByteBuffer.allocate(4).putInt((type << 24) | body.length).array(), body);
    }

    private static byte[] header(int type, int length) {
        return new byte[] {(byte) type, 3, 3, (byte) (length >> 8), (byte) length};
    }

    /** Without a sign, and of its full length. */
    private static byte[] coordinate(BigInteger value) {
        final byte[] bytes = value.toByteArray();
        final byte[] full = new byte[COORDINATE_BYTES];
        final int n = Math.min(bytes.length, full.length);
        System.arraycopy(bytes, bytes.length - n, full, full.length - n, n);
        return full;
    }

    /** RFC 5246, 5. */
    private static byte[] derive(byte[] secret, String label, byte[] seed, int length) throws GeneralSecurityException {
        final Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(secret, "HmacSHA256"));
        final byte[] labelled = concat(label.getBytes(StandardCharsets.US_ASCII), seed);
        byte[] out = {};
        for (byte[] a = mac.doFinal(labelled); out.length < length; a = mac.doFinal(a)) {
            out = concat(out, mac.doFinal(concat(a, labelled)));
        }
        return Arrays.copyOf(out, length);
    }

    private static byte[] concat(byte[]... parts) {
        final var all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    @Override
    public void close() throws IOException {
        peer.close();
    }
}
