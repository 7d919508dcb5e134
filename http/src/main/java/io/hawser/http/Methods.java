// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.nio.charset.StandardCharsets;

/** The methods that are known, so that their names need not be made. Any thread. */
final class Methods {
    private static final String[] KNOWN = {
        "GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE"
    };

    private Methods() {}

    static String of(byte[] source, int start, int end) {
        for (String known : KNOWN) {
            if (Chars.isText(known, source, start, end)) {
                return known;
            }
        }
        return new String(source, start, end - start, StandardCharsets.ISO_8859_1);
    }
}
