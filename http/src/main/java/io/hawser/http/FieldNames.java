// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Names of fields that come with most messages, so that they need not be made for each. Any thread. */
final class FieldNames {
    private static final int SLOTS = 512;

    private static final String[] KNOWN = {
        "Accept",
        "Accept-Charset",
        "Accept-Encoding",
        "Accept-Language",
        "Accept-Ranges",
        "Access-Control-Request-Headers",
        "Access-Control-Request-Method",
        "Age",
        "Allow",
        "Authorization",
        "Cache-Control",
        "Connection",
        "Content-Disposition",
        "Content-Encoding",
        "Content-Language",
        "Content-Length",
        "Content-Range",
        "Content-Security-Policy",
        "Content-Type",
        "Cookie",
        "DNT",
        "Date",
        "ETag",
        "Expect",
        "Expires",
        "Forwarded",
        "Host",
        "If-Match",
        "If-Modified-Since",
        "If-None-Match",
        "If-Range",
        "If-Unmodified-Since",
        "Keep-Alive",
        "Last-Modified",
        "Location",
        "Origin",
        "Pragma",
        "Proxy-Authorization",
        "Range",
        "Referer",
        "Retry-After",
        "Sec-CH-UA",
        "Sec-CH-UA-Mobile",
        "Sec-CH-UA-Platform",
        "Sec-Fetch-Dest",
        "Sec-Fetch-Mode",
        "Sec-Fetch-Site",
        "Sec-Fetch-User",
        "Sec-WebSocket-Accept",
        "Sec-WebSocket-Extensions",
        "Sec-WebSocket-Key",
        "Sec-WebSocket-Protocol",
        "Sec-WebSocket-Version",
        "Server",
        "Set-Cookie",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "Upgrade-Insecure-Requests",
        "User-Agent",
        "Vary",
        "Via",
        "WWW-Authenticate",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Real-IP",
        "X-Request-ID",
        "X-Requested-With"
    };

    /** In the usual spelling and in small letters, by {@link #slot}; of two in one slot the first has it. */
    private static final @Nullable String[] TABLE = new @Nullable String[SLOTS];

    static {
        for (String name : KNOWN) {
            put(name);
        }
        for (String name : KNOWN) {
            put(name.toLowerCase(java.util.Locale.ROOT));
        }
    }

    private FieldNames() {}

    private static void put(String name) {
        final int slot =
                slot(name.length(), name.charAt(0), name.charAt(name.length() - 1), name.charAt(name.length() / 2));
        if (TABLE[slot] == null) {
            TABLE[slot] = name;
        }
    }

    private static int slot(int length, int first, int last, int middle) {
        return (length * 31 + first * 7 + last * 131 + middle * 17) & (SLOTS - 1);
    }

    /** The name in {@code source}, which has one byte at least. */
    static String of(byte[] source, int start, int end) {
        final int length = end - start;
        final String known = TABLE[slot(length, source[start], source[end - 1], source[start + length / 2])];
        return known != null && Chars.isText(known, source, start, end)
                ? known
                : new String(source, start, length, StandardCharsets.ISO_8859_1);
    }
}
