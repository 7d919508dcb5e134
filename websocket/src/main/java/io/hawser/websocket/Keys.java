// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;

/** The keys of the handshake, RFC 6455, 4.1 and 4.2.2. */
final class Keys {
    private static final String MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private static final int BYTES = 16;
    private static final int ENCODED_BYTES = 24;
    private static final SecureRandom RANDOM = new SecureRandom();

    private Keys() {}

    static String next() {
        final byte[] key = new byte[BYTES];
        RANDOM.nextBytes(key);
        return Base64.getEncoder().encodeToString(key);
    }

    static boolean isValid(String key) {
        if (key.length() != ENCODED_BYTES || !key.endsWith("==")) {
            return false;
        }
        try {
            return Base64.getDecoder().decode(key).length == BYTES;
        } catch (IllegalArgumentException _) {
            return false;
        }
    }

    static String accept(String key) {
        try {
            final MessageDigest digest = MessageDigest.getInstance("SHA-1");
            return Base64.getEncoder().encodeToString(digest.digest((key + MAGIC).getBytes(StandardCharsets.US_ASCII)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every JDK has SHA-1", e);
        }
    }
}
