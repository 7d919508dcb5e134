// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

/** The version of a message. */
public enum HttpVersion {
    /** Without chunks, and a connection for each request unless the client asks to keep it. */
    HTTP_1_0("HTTP/1.0"),
    /** RFC 9112. */
    HTTP_1_1("HTTP/1.1"),
    /** RFC 9113. */
    HTTP_2("HTTP/2.0");

    private final String text;

    HttpVersion(String text) {
        this.text = text;
    }

    /** As in a request line: {@code HTTP/1.1}. */
    @Override
    public String toString() {
        return text;
    }
}
