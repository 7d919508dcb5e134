// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.nio.charset.StandardCharsets;

/** What a hostile peer sends, and what it is answered before the connection is closed. None of it may reach a handler. */
enum HostileRequest {
    // ---- two lengths
    LENGTH_AND_CHUNKS(400, post("Content-Length: 3\r\nTransfer-Encoding: chunked") + "0\r\n\r\n"),
    CHUNKS_AND_LENGTH(400, post("Transfer-Encoding: chunked\r\nContent-Length: 3") + "0\r\n\r\n"),
    CHUNKED_THEN_IDENTITY(400, post("Transfer-Encoding: chunked, identity") + "0\r\n\r\n"),
    CHUNKED_THEN_SOMETHING_LIKE_IT(400, post("Transfer-Encoding: chunked, xchunked") + "0\r\n\r\n"),
    CHUNKED_TWICE(400, post("Transfer-Encoding: chunked, chunked") + "0\r\n\r\n"),
    CODINGS_IN_SEVERAL_LINES(400, post("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked") + "0\r\n\r\n"),
    CHUNKED_IN_TWO_LINES(400, post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked") + "0\r\n\r\n"),
    CODING_TO_HTTP_10(400, "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    EMPTY_CODING(400, post("Transfer-Encoding: ") + "0\r\n\r\n"),
    CODING_BEHIND_A_TAB(400, post("Transfer-Encoding: \u000bchunked") + "0\r\n\r\n"),
    CODING_WITH_A_PARAMETER(400, post("Transfer-Encoding: chunked;a=b") + "0\r\n\r\n"),
    UNKNOWN_CODING(501, post("Transfer-Encoding: xchunked") + "0\r\n\r\n"),
    CODING_THAT_IS_NOT_UNDONE(501, post("Transfer-Encoding: gzip, chunked") + "0\r\n\r\n"),
    SEVERAL_LENGTHS(400, post("Content-Length: 3\r\nContent-Length: 3") + "abc"),
    DIFFERENT_LENGTHS(400, post("Content-Length: 3\r\nContent-Length: 4") + "abc"),
    LIST_OF_LENGTHS(400, post("Content-Length: 3, 3") + "abc"),
    LENGTH_WITH_A_SIGN(400, post("Content-Length: +3") + "abc"),
    NEGATIVE_LENGTH(400, post("Content-Length: -3") + "abc"),
    EMPTY_LENGTH(400, post("Content-Length: ") + "abc"),
    HEXADECIMAL_LENGTH(400, post("Content-Length: 0x3") + "abc"),
    LENGTH_BEYOND_ALL_NUMBERS(400, post("Content-Length: 18446744073709551619") + "abc"),
    LENGTH_BEYOND_THE_LIMIT(413, post("Content-Length: 999999999999") + "abc"),

    // ---- chunks
    CHUNK_SIZE_THAT_OVERFLOWS_32_BITS(413, chunked("100000004\r\nabcd\r\n0\r\n\r\n")),
    CHUNK_SIZE_THAT_OVERFLOWS_64_BITS(400, chunked("10000000000000004\r\nabcd\r\n0\r\n\r\n")),
    NEGATIVE_CHUNK_SIZE(400, chunked("ffffffffffffffff\r\nabcd\r\n0\r\n\r\n")),
    CHUNK_SIZE_WITH_A_SIGN(400, chunked("-1\r\nabcd\r\n0\r\n\r\n")),
    CHUNK_SIZE_WITH_A_PREFIX(400, chunked("0x4\r\nabcd\r\n0\r\n\r\n")),
    CHUNK_SIZE_OF_MANY_ZEROS(400, chunked("00000000000000004\r\nabcd\r\n0\r\n\r\n")),
    CHUNK_SIZE_BEHIND_A_SPACE(400, chunked(" 4\r\nabcd\r\n0\r\n\r\n")),
    CHUNK_SIZE_BEFORE_A_SPACE(400, chunked("4 \r\nabcd\r\n0\r\n\r\n")),
    NO_CHUNK_SIZE(400, chunked("\r\nabcd\r\n0\r\n\r\n")),
    CHUNK_EXTENSION_WITH_A_LONE_LF(400, chunked("4;a\nxx\r\nabcd\r\n0\r\n\r\n")),
    CHUNK_EXTENSION_WITH_A_NEWLINE_IN_QUOTES(400, chunked("4;a=\"\r\n\"\r\nabcd\r\n0\r\n\r\n")),
    CHUNK_EXTENSION_WITH_A_NUL(400, chunked("4;a=\0\r\nabcd\r\n0\r\n\r\n")),
    CHUNK_EXTENSIONS_WITHOUT_END(431, chunked("4;" + "a".repeat(40_000) + "\r\nabcd\r\n0\r\n\r\n")),
    CHUNK_SIZE_WITH_A_LONE_LF(400, chunked("4\nabcd\r\n0\r\n\r\n")),
    CHUNK_DATA_WITH_A_LONE_LF(400, chunked("4\r\nabcd\n0\r\n\r\n")),
    CHUNK_DATA_THAT_IS_LONGER(400, chunked("4\r\nabcde\r\n0\r\n\r\n")),
    CHUNK_DATA_WITH_CR_CR(400, chunked("4\r\nabcd\r\r\n0\r\n\r\n")),
    TRAILER_WITHOUT_A_NAME(400, chunked("0\r\n: b\r\n\r\n")),
    FOLDED_TRAILER(400, chunked("0\r\na: b\r\n c\r\n\r\n")),
    TRAILER_WITH_A_LONE_LF(400, chunked("0\r\na: b\n\r\n")),
    TRAILERS_WITHOUT_END(431, chunked("0\r\n" + "a: b\r\n".repeat(101) + "\r\n")),
    LONG_TRAILERS(431, chunked("0\r\na: " + "b".repeat(40_000) + "\r\n\r\n")),

    // ---- lines
    LONE_LF_BEHIND_THE_REQUEST_LINE(400, "GET / HTTP/1.1\nHost: a\r\n\r\n"),
    LONE_LF_BEHIND_A_FIELD(400, "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n"),
    LONE_LF_AT_THE_END(400, "GET / HTTP/1.1\r\nHost: a\r\n\n"),
    LONE_CR_IN_A_VALUE(400, "GET / HTTP/1.1\r\nHost: a\r\nX: y\rZ: z\r\n\r\n"),
    CR_CR_CR(400, "GET / HTTP/1.1\r\nHost: a\r\n\r\r\r\n"),
    CR_CR_CR_BEFORE_THE_REQUEST(400, "\r\r\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    EMPTY_LINES_WITHOUT_END(400, "\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    NUL_BEFORE_THE_REQUEST_LINE(400, "\0GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    CONTROL_BEFORE_THE_REQUEST_LINE(400, "\u0001GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    NUL_IN_THE_TARGET(400, "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"),
    SPACE_IN_THE_TARGET(400, "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"),
    BYTE_IN_THE_TARGET_THAT_IS_NOT_ASCII(400, "GET /\u00e9 HTTP/1.1\r\nHost: a\r\n\r\n"),
    TAB_IN_THE_REQUEST_LINE(400, "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    TWO_SPACES_IN_THE_REQUEST_LINE(400, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
    SPACE_BEFORE_THE_METHOD(400, " GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    NO_METHOD(400, "/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    SPACE_BEHIND_THE_VERSION(400, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"),
    NO_VERSION(400, "GET /\r\nHost: a\r\n\r\n"),
    OTHER_PROTOCOL(400, "GET / HTTQ/1.1\r\nHost: a\r\n\r\n"),
    LONG_VERSION(400, "GET / HTTP/1.10\r\nHost: a\r\n\r\n"),
    HTTP_09(505, "GET / HTTP/0.9\r\nHost: a\r\n\r\n"),
    HTTP_12(505, "GET / HTTP/1.2\r\nHost: a\r\n\r\n"),
    HTTP_2_PREFACE(505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),

    // ---- fields
    SPACE_BEFORE_THE_FIRST_FIELD(400, "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
    FOLDED_FIELD(400, "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n"),
    SPACE_BEFORE_THE_COLON(400, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\n"),
    NO_NAME(400, "GET / HTTP/1.1\r\nHost: a\r\n: y\r\n\r\n"),
    NO_COLON(400, "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n"),
    NUL_IN_A_NAME(400, "GET / HTTP/1.1\r\nHost: a\r\nX\0: y\r\n\r\n"),
    NUL_IN_A_VALUE(400, "GET / HTTP/1.1\r\nHost: a\r\nX: y\0\r\n\r\n"),
    BYTE_IN_A_NAME_THAT_IS_NOT_ASCII(400, "GET / HTTP/1.1\r\nHost: a\r\nX\u00e9: y\r\n\r\n"),
    MANY_FIELDS(431, "GET / HTTP/1.1\r\nHost: a\r\n" + "X: y\r\n".repeat(100) + "\r\n"),
    LONG_FIELD(431, "GET / HTTP/1.1\r\nHost: a\r\nX: " + "y".repeat(40_000)),
    LONG_NAME(431, "GET / HTTP/1.1\r\nHost: a\r\n" + "y".repeat(40_000)),
    LONG_TARGET(414, "GET /" + "y".repeat(9_000)),
    LONG_METHOD(414, "G".repeat(9_000)),
    UNKNOWN_EXPECTATION(417, post("Expect: 200-ok\r\nContent-Length: 1") + "a"),

    // ---- hosts
    NO_HOST(400, "GET / HTTP/1.1\r\n\r\n"),
    TWO_HOSTS(400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
    TWO_HOSTS_TO_HTTP_10(400, "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"),
    EMPTY_HOST(400, "GET / HTTP/1.1\r\nHost: \r\n\r\n"),
    LIST_OF_HOSTS(400, "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"),
    HOST_WITH_A_USER(400, "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"),
    HOST_WITH_A_PATH(400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    HOST_WITH_A_BAD_PORT(400, "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n"),
    HOST_WITH_A_LARGE_PORT(400, "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n"),
    HOST_WITH_A_BAD_ADDRESS(400, "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"),
    TARGET_OF_ANOTHER_HOST(400, "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n"),
    TARGET_OF_ANOTHER_PORT(400, "GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    TARGET_WITH_A_USER(400, "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    TARGET_WITHOUT_A_HOST(400, "GET http:///b HTTP/1.1\r\nHost: a\r\n\r\n"),
    TARGET_OF_ANOTHER_SCHEME(400, "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    TARGET_WITHOUT_A_SLASH(400, "GET a HTTP/1.1\r\nHost: a\r\n\r\n"),
    ASTERISK_FOR_GET(400, "GET * HTTP/1.1\r\nHost: a\r\n\r\n"),
    PATH_FOR_CONNECT(400, "CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n"),
    CONNECT_TO_ANOTHER_HOST(400, "CONNECT a:1 HTTP/1.1\r\nHost: b:1\r\n\r\n");

    private final int status;
    private final String text;

    HostileRequest(int status, String text) {
        this.status = status;
        this.text = text;
    }

    private static String post(String fields) {
        return "POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n\r\n";
    }

    private static String chunked(String body) {
        return post("Transfer-Encoding: chunked") + body;
    }

    int status() {
        return status;
    }

    byte[] bytes() {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
