// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Percent-encoding, RFC 3986, 2.1. What is malformed fails with 400. Any thread. */
final class Percent {
    private Percent() {}

    static String decodePath(String text) {
        final String decoded = text.indexOf('%') < 0 ? text : decode(text, false);
        if (decoded.indexOf('\0') >= 0) {
            throw new HttpException(400, "A NUL in the path " + Quoted.of(text));
        }
        return decoded;
    }

    static Map<String, List<String>> decodeQuery(String query) {
        if (query.isEmpty()) {
            return Map.of();
        }
        final Map<String, List<String>> parameters = new LinkedHashMap<>();
        for (String part : query.split("&", -1)) {
            if (part.isEmpty()) {
                continue;
            }
            final int equals = part.indexOf('=');
            final String name = equals < 0 ? part : part.substring(0, equals);
            final String value = equals < 0 ? "" : part.substring(equals + 1);
            parameters
                    .computeIfAbsent(decode(name, true), _ -> new ArrayList<>(1))
                    .add(decode(value, true));
        }
        return Collections.unmodifiableMap(parameters);
    }

    private static String decode(String text, boolean plusIsSpace) {
        if (text.indexOf('%') < 0 && !(plusIsSpace && text.indexOf('+') >= 0)) {
            return text;
        }
        final byte[] bytes = new byte[text.length()];
        int length = 0;
        for (int i = 0; i < text.length(); i++) {
            final char c = text.charAt(i);
            if (c == '%') {
                if (i + 2 >= text.length()
                        || !Chars.is(text.charAt(i + 1), Chars.HEX)
                        || !Chars.is(text.charAt(i + 2), Chars.HEX)) {
                    throw new HttpException(400, "An incomplete escape in " + Quoted.of(text));
                }
                bytes[length++] =
                        (byte) (Character.digit(text.charAt(i + 1), 16) << 4 | Character.digit(text.charAt(i + 2), 16));
                i += 2;
            } else {
                // A target holds ASCII only.
                bytes[length++] = (byte) (plusIsSpace && c == '+' ? ' ' : c);
            }
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes, 0, length))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new HttpException(400, "No UTF-8 in " + Quoted.of(text));
        }
    }
}
