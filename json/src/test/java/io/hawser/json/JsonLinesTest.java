// SPDX-License-Identifier: Apache-2.0
package io.hawser.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.buffer.BlockPool;
import io.hawser.buffer.Buffer;
import io.hawser.connection.CloseCause;
import io.hawser.connection.Engine;
import io.hawser.session.Codec;
import io.hawser.session.CodecContext;
import io.hawser.session.Codecs;
import io.hawser.session.Compression;
import io.hawser.session.Decoded;
import io.hawser.session.EventListener;
import io.hawser.session.Session;
import io.hawser.session.SessionServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class JsonLinesTest {
    record Order(String name, int count, List<String> tags) {}

    private static final Order ORDER = new Order("räck\nline", 3, List.of("a", "b"));

    private final BlockPool pool = new BlockPool(64 << 20);

    @AfterEach
    void shouldGiveAllMemoryBack() {
        assertThat(pool.usedBytes()).isZero();
        pool.close();
    }

    private <T> byte[] encode(Codec<T> codec, T message) throws Exception {
        final Codec<T> own = codec.forSession(new CodecContext(100_000, pool));
        try (Buffer out = new Buffer(pool)) {
            own.encode(message, out);
            return out.readBytes((int) out.readableBytes());
        } finally {
            own.close();
        }
    }

    private <T> List<T> decode(Codec<T> codec, byte[] bytes, int piece) throws Exception {
        final Codec<T> own = codec.forSession(new CodecContext(100_000, pool));
        final List<T> messages = new ArrayList<>();
        try (Buffer in = new Buffer(pool)) {
            for (int at = 0; at < bytes.length; at += piece) {
                in.writeBytes(bytes, at, Math.min(piece, bytes.length - at));
                while (in.readableBytes() > 0) {
                    final Decoded<T> decoded = own.decode(in);
                    if (decoded instanceof Decoded.Message<T>(T message)) {
                        messages.add(message);
                        own.delivered(in);
                    } else if (decoded instanceof Decoded.Malformed<T>(String reason)) {
                        throw new IOException(reason);
                    } else {
                        break;
                    }
                }
            }
        } finally {
            own.close();
        }
        return messages;
    }

    @Test
    void shouldWriteAValueALine() throws Exception {
        assertThat(new String(encode(JsonLines.of(Order.class), ORDER), StandardCharsets.UTF_8))
                .isEqualTo("{\"name\":\"räck\\nline\",\"count\":3,\"tags\":[\"a\",\"b\"]}\n");
    }

    @Test
    void shouldReadWhatItWritesHoweverItIsCut() throws Exception {
        final byte[] one = encode(JsonLines.of(Order.class), ORDER);
        final byte[] two = new String(one, StandardCharsets.UTF_8)
                .repeat(2)
                .replace("\n", "\r\n")
                .getBytes(StandardCharsets.UTF_8);
        for (int piece = 1; piece <= two.length; piece++) {
            assertThat(decode(JsonLines.of(Order.class), two, piece)).containsExactly(ORDER, ORDER);
        }
    }

    @Test
    void shouldGoIntoOtherFrames() throws Exception {
        final Codec<Order> codec =
                Codecs.lengthField(4).compressed(Compression.snappy()).of(JsonLines.messages(Order.class));
        assertThat(decode(codec, encode(codec, ORDER), 1)).containsExactly(ORDER);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "null",
                "{",
                "{}x",
                "{} {}",
                "[1]",
                "{\"count\":\"x\"}",
                "\"text\"",
                "{\"count\":1e999999999}",
                "{\"tags\":[{}]}",
                "NaN",
                "{\"name\":\"\\ud800\u0001\"}"
            })
    void shouldRefuseWhatIsNoValue(String line) {
        assertThatThrownBy(
                        () -> decode(JsonLines.of(Order.class), (line + "\n").getBytes(StandardCharsets.UTF_8), 1000))
                .isInstanceOf(Exception.class);
    }

    @Test
    void shouldRefuseToNestTooDeep() throws Exception {
        final Codec<Object> codec = JsonLines.of(Object.class);
        assertThat(decode(codec, nested(JsonLines.MAX_DEPTH), 1000)).hasSize(1);
        assertThatThrownBy(() -> decode(codec, nested(JsonLines.MAX_DEPTH + 1), 1000))
                .hasMessageContaining("nesting depth");
        assertThatThrownBy(() -> decode(codec, nested(40_000), 100_000)).hasMessageContaining("nesting depth");
    }

    private static byte[] nested(int depth) {
        return ("[".repeat(depth) + "]".repeat(depth) + "\n").getBytes(StandardCharsets.US_ASCII);
    }

    @Test
    void shouldNotLookAtTypeIds() throws Exception {
        final byte[] line =
                "{\"@class\":\"java.net.URL\",\"x\":[\"java.lang.Thread\",{}]}\n".getBytes(StandardCharsets.US_ASCII);
        assertThat(decode(JsonLines.of(Object.class), line, 1000))
                .containsExactly(Map.of("@class", "java.net.URL", "x", List.of("java.lang.Thread", Map.of())));
    }

    @Test
    void shouldNotSendAValueOfSeveralLines() {
        final JsonMapper indenting =
                JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
        assertThatThrownBy(() -> encode(JsonLines.of(indenting, Order.class), ORDER))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("LF");
    }

    @ParameterizedTest
    @ValueSource(strings = {"io_uring", "epoll", "nio"})
    void shouldAnswerOverASession(String transport) throws Exception {
        final BlockingQueue<String> events = new LinkedBlockingQueue<>();
        final EventListener<Order> listener = new EventListener<>() {
            @Override
            public void onMessage(Session<Order> session, Order order) {
                session.send(new Order(order.name(), order.count() + 1, order.tags()));
            }

            @Override
            public void onError(Session<Order> session, Throwable error) {
                events.add("error");
            }

            @Override
            public void onClose(Session<Order> session, CloseCause cause) {
                events.add("close " + cause.kind());
            }
        };
        try (Engine engine = Engine.builder().transport(transport).loops(1).start();
                SessionServer<Order> server = SessionServer.builder("tcp://127.0.0.1:0", JsonLines.of(Order.class))
                        .listener(listener)
                        .engine(engine)
                        .start();
                Socket socket = new Socket()) {
            socket.connect((InetSocketAddress) server.address().resolve().getFirst());
            socket.getOutputStream().write(encode(JsonLines.of(Order.class), ORDER));
            final byte[] expected = encode(JsonLines.of(Order.class), new Order(ORDER.name(), 4, ORDER.tags()));
            final InputStream in = socket.getInputStream();
            assertThat(in.readNBytes(expected.length)).isEqualTo(expected);
            socket.getOutputStream().write("{nonsense}\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(in.readAllBytes()).isEmpty();
            assertThat(List.of(events.take(), events.take())).containsExactly("error", "close ERROR");
        }
    }
}
