// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls.openssl;

import java.util.Map;

/** The names of alerts (RFC 8446, 6; RFC 5246, 7.2). */
final class Alerts {
    static final int CLOSE_NOTIFY = 0;
    private static final int FATAL = 2;

    private static final Map<Integer, String> NAMES = Map.ofEntries(
            Map.entry(CLOSE_NOTIFY, "close_notify"),
            Map.entry(10, "unexpected_message"),
            Map.entry(20, "bad_record_mac"),
            Map.entry(21, "decryption_failed"),
            Map.entry(22, "record_overflow"),
            Map.entry(30, "decompression_failure"),
            Map.entry(40, "handshake_failure"),
            Map.entry(42, "bad_certificate"),
            Map.entry(43, "unsupported_certificate"),
            Map.entry(44, "certificate_revoked"),
            Map.entry(45, "certificate_expired"),
            Map.entry(46, "certificate_unknown"),
            Map.entry(47, "illegal_parameter"),
            Map.entry(48, "unknown_ca"),
            Map.entry(49, "access_denied"),
            Map.entry(50, "decode_error"),
            Map.entry(51, "decrypt_error"),
            Map.entry(70, "protocol_version"),
            Map.entry(71, "insufficient_security"),
            Map.entry(80, "internal_error"),
            Map.entry(86, "inappropriate_fallback"),
            Map.entry(90, "user_canceled"),
            Map.entry(100, "no_renegotiation"),
            Map.entry(109, "missing_extension"),
            Map.entry(110, "unsupported_extension"),
            Map.entry(112, "unrecognized_name"),
            Map.entry(113, "bad_certificate_status_response"),
            Map.entry(115, "unknown_psk_identity"),
            Map.entry(116, "certificate_required"),
            Map.entry(120, "no_application_protocol"));

    private Alerts() {}

    /** @param alert its level in the upper byte, and what it is in the lower one, as OpenSSL tells it */
    static boolean isFatal(int alert) {
        return alert >> 8 == FATAL;
    }

    static int description(int alert) {
        return alert & 0xff;
    }

    static String name(int alert) {
        final int description = description(alert);
        return NAMES.getOrDefault(description, "alert " + description);
    }
}
