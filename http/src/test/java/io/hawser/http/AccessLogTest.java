// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

final class AccessLogTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

    private final List<String> lines = Collections.synchronizedList(new ArrayList<>());

    private void log(AccessLog.Format format, FakeRequest request, HttpHandler handler) throws Exception {
        try (AccessLog log = AccessLog.of(handler, format, lines::add, InstantSource.fixed(NOW))) {
            log.handle(request, new FakeResponse());
        }
    }

    private static FakeRequest request() {
        return new FakeRequest("GET", "/a?b", "h")
                .header("Referer", "http://r/")
                .header("User-Agent", "agent \"7\"\\");
    }

    @Test
    void shouldWriteTheThreeFormats() throws Exception {
        for (AccessLog.Format format : AccessLog.Format.values()) {
            log(format, request(), (_, response) -> response.status(201).send("hello"));
        }
        assertThat(lines)
                .containsExactly(
                        "- - - [02/Jan/2026:03:04:05 +0000] \"GET /a?b HTTP/1.1\" 201 5",
                        "- - - [02/Jan/2026:03:04:05 +0000] \"GET /a?b HTTP/1.1\" 201 5 \"http://r/\" \"agent \\x227\\x22\\x5c\"",
                        "{\"time\":\"2026-01-02T03:04:05Z\",\"remote\":\"-\",\"method\":\"GET\",\"target\":\"/a?b\",\"version\":\"HTTP/1.1\","
                                + "\"host\":\"h\",\"status\":201,\"bytes\":5,\"micros\":0,\"referer\":\"http://r/\","
                                + "\"userAgent\":\"agent \\u00227\\u0022\\u005c\"}");
    }

    @Test
    void shouldEscapeWhatCouldBreakOut() throws Exception {
        final FakeRequest request = new FakeRequest("GET", "/\n\u001b[31m\u0085\u00e9", "");
        log(AccessLog.Format.COMMON, request, (_, response) -> response.send());
        log(AccessLog.Format.JSON, request, (_, response) -> response.send());
        assertThat(lines.get(0)).contains("\"GET /\\x0a\\x1b[31m\\x85\\xe9 HTTP/1.1\" 200 -");
        assertThat(lines.get(1)).contains("\"target\":\"/\\u000a\\u001b[31m\\u0085\\u00e9\"");
    }

    @Test
    void shouldCutWhatIsLong() throws Exception {
        log(AccessLog.Format.COMMON, FakeRequest.get("/" + "x".repeat(100_000)), (_, response) -> response.send());
        assertThat(lines.getFirst()).hasSizeLessThan(2500).contains("xxx... HTTP/1.1");
    }

    @Test
    void shouldTellWhatAFailureIsAnsweredWith() {
        assertThatThrownBy(() -> log(AccessLog.Format.COMMON, request(), (_, _) -> {
                    throw new HttpException(418, "teapot");
                }))
                .isInstanceOf(HttpException.class);
        assertThatThrownBy(() -> log(AccessLog.Format.COMMON, request(), (_, _) -> {
                    throw new IllegalStateException("bug");
                }))
                .isInstanceOf(IllegalStateException.class);
        assertThat(lines).hasSize(2);
        assertThat(lines.get(0)).endsWith("418 -");
        assertThat(lines.get(1)).endsWith("500 -");
    }

    @Test
    void shouldDropLinesRatherThanWait() throws Exception {
        final CountDownLatch blocked = new CountDownLatch(1);
        final CountDownLatch release = new CountDownLatch(1);
        try (LineSink sink = new LineSink(
                line -> {
                    lines.add(line);
                    if (line.equals("first")) {
                        blocked.countDown();
                        try {
                            release.await();
                        } catch (InterruptedException e) {
                            throw new IllegalStateException(e);
                        }
                    }
                },
                2)) {
            sink.offer("first");
            blocked.await();
            for (String line : List.of("second", "third", "fourth", "fifth")) {
                sink.offer(line);
            }
            assertThat(sink.dropped()).isEqualTo(2);
            release.countDown();
        }
        assertThat(lines)
                .containsExactly("first", "# 2 lines were dropped, since the log is too slow", "second", "third");
    }

    @Test
    void shouldOutliveASinkThatThrows() throws Exception {
        try (LineSink sink = new LineSink(
                line -> {
                    if (line.equals("bad")) {
                        throw new IllegalStateException("disk full");
                    }
                    lines.add(line);
                },
                10)) {
            sink.offer("bad");
            sink.offer("good");
        }
        assertThat(lines).contains("good");
    }
}
