// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.nio.charset.StandardCharsets;

/** A response as a test reads it. */
final class Answer {
    private final String head;
    private final byte[] body;
    private final String trailers;

    Answer(String head, byte[] body, String trailers) {
        this.head = head;
        this.body = body;
        this.trailers = trailers;
    }

    /** All lines, without the empty one. */
    String head() {
        return head;
    }

    /** Without the headers of chunks. */
    byte[] body() {
        return body;
    }

    /** The lines behind the last chunk. */
    String trailers() {
        return trailers;
    }

    int status() {
        return Integer.parseInt(head.substring("HTTP/1.1 ".length(), "HTTP/1.1 ".length() + 3));
    }

    String text() {
        return new String(body, StandardCharsets.UTF_8);
    }

    boolean closes() {
        return head.contains("\r\nConnection: close\r\n");
    }
}
