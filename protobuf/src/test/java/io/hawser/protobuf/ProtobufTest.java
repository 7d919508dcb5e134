// SPDX-License-Identifier: Apache-2.0
package io.hawser.protobuf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.BytesValue;
import com.google.protobuf.Empty;
import com.google.protobuf.ListValue;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Struct;
import com.google.protobuf.Timestamp;
import com.google.protobuf.Value;
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
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class ProtobufTest {
    private static final Codec<Struct> STRUCTS = Protobuf.delimited(Struct.getDefaultInstance());
    private static final Struct STRUCT = Struct.newBuilder()
            .putFields("name", Value.newBuilder().setStringValue("räck").build())
            .putFields("count", Value.newBuilder().setNumberValue(3).build())
            .build();

    private final BlockPool pool = new BlockPool(256 << 20);

    @AfterEach
    void shouldGiveAllMemoryBack() {
        assertThat(pool.usedBytes()).isZero();
        pool.close();
    }

    private <T> byte[] encode(Codec<T> codec, T message) throws Exception {
        final Codec<T> own = codec.forSession(new CodecContext(100_000_000, pool));
        try (Buffer out = new Buffer(pool)) {
            own.encode(message, out);
            return out.readBytes((int) out.readableBytes());
        } finally {
            own.close();
        }
    }

    private <T> List<T> decode(Codec<T> codec, byte[] bytes, int piece) throws Exception {
        final Codec<T> own = codec.forSession(new CodecContext(100_000_000, pool));
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

    private static byte[] delimited(MessageLite... messages) throws IOException {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (MessageLite message : messages) {
            message.writeDelimitedTo(out);
        }
        return out.toByteArray();
    }

    @Test
    void shouldSpeakTheDelimitedFormatHoweverItIsCut() throws Exception {
        assertThat(encode(STRUCTS, STRUCT)).isEqualTo(delimited(STRUCT));
        final byte[] stream = delimited(STRUCT, Struct.getDefaultInstance(), STRUCT);
        for (int piece = 1; piece <= stream.length; piece++) {
            assertThat(decode(STRUCTS, stream, piece)).containsExactly(STRUCT, Struct.getDefaultInstance(), STRUCT);
        }
        assertThat(encode(Protobuf.delimited(Empty.getDefaultInstance()), Empty.getDefaultInstance()))
                .containsExactly(0);
    }

    @Test
    void shouldCarryLargeMessages() throws Exception {
        final Codec<BytesValue> codec = Protobuf.delimited(BytesValue.getDefaultInstance());
        for (int bytes : new int[] {100_000, (16 << 20) + 1}) {
            final BytesValue large = BytesValue.of(ByteString.copyFrom(new byte[bytes]));
            assertThat(decode(codec, encode(codec, large), 1 << 20)).containsExactly(large);
        }
    }

    @Test
    void shouldOutliveTheMemoryThatItWasReadFrom() throws Exception {
        final Codec<BytesValue> codec = Protobuf.delimited(BytesValue.getDefaultInstance());
        final BytesValue value = BytesValue.of(ByteString.copyFrom(new byte[] {1, 2, 3}));
        // The checked mode overwrites what is released.
        assertThat(decode(codec, delimited(value), 100).getFirst()).isEqualTo(value);
    }

    @Test
    void shouldGoIntoOtherFrames() throws Exception {
        final Codec<Struct> codec = Codecs.compressedStream(
                Compression.deflate(6), Codecs.lengthField(4).of(Protobuf.messages(Struct.getDefaultInstance())));
        assertThat(decode(codec, encode(codec, STRUCT), 1)).containsExactly(STRUCT);
    }

    @Test
    void shouldRefuseWhatIsNoMessage() {
        for (byte[] body : List.of(
                new byte[] {0}, // no tag is 0
                new byte[] {1}, // a field that is cut
                new byte[] {10, 100}, // one longer than the message
                new byte[] {12}, // the end of a group that was not begun
                new byte[] {11, 11, 12}, // a group that does not end
                new byte[] {10, -1, -1, -1, -1, 15}, // a negative length
                new byte[] {15, 15})) {
            final byte[] stream = new byte[body.length + 1];
            stream[0] = (byte) body.length;
            System.arraycopy(body, 0, stream, 1, body.length);
            assertThatThrownBy(() -> decode(STRUCTS, stream, 100))
                    .as(java.util.Arrays.toString(body))
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void shouldRefuseToNestTooDeep() throws Exception {
        final Codec<Value> codec = Protobuf.delimited(Value.getDefaultInstance());
        // Two levels for each list.
        final Value deep = nested(Protobuf.MAX_DEPTH / 2);
        assertThat(decode(codec, delimited(deep), 1000)).containsExactly(deep);
        final byte[] deeper = delimited(nested(Protobuf.MAX_DEPTH / 2 + 1));
        assertThatThrownBy(() -> decode(codec, deeper, 1000)).isInstanceOf(IOException.class);
    }

    private static Value nested(int lists) {
        Value value = Value.newBuilder().setBoolValue(true).build();
        for (int i = 0; i < lists; i++) {
            value = Value.newBuilder()
                    .setListValue(ListValue.newBuilder().addValues(value))
                    .build();
        }
        return value;
    }

    @ParameterizedTest
    @ValueSource(strings = {"io_uring", "epoll", "nio"})
    void shouldAnswerOverASession(String transport) throws Exception {
        final BlockingQueue<String> events = new LinkedBlockingQueue<>();
        final EventListener<Timestamp> listener = new EventListener<>() {
            @Override
            public void onMessage(Session<Timestamp> session, Timestamp time) {
                session.send(time.toBuilder().setNanos(7).build());
            }

            @Override
            public void onError(Session<Timestamp> session, Throwable error) {
                events.add("error");
            }

            @Override
            public void onClose(Session<Timestamp> session, CloseCause cause) {
                events.add("close " + cause.kind());
            }
        };
        final Timestamp time = Timestamp.newBuilder().setSeconds(1L << 40).build();
        try (Engine engine = Engine.builder().transport(transport).loops(1).start();
                SessionServer<Timestamp> server = SessionServer.builder(
                                "tcp://127.0.0.1:0", Protobuf.delimited(Timestamp.getDefaultInstance()))
                        .listener(listener)
                        .engine(engine)
                        .start();
                Socket socket = new Socket()) {
            socket.connect((InetSocketAddress) server.address().resolve().getFirst());
            time.writeDelimitedTo(socket.getOutputStream());
            assertThat(Timestamp.parseDelimitedFrom(socket.getInputStream()))
                    .isEqualTo(time.toBuilder().setNanos(7).build());
            socket.getOutputStream().write(new byte[] {1, 0});
            assertThat(socket.getInputStream().readAllBytes()).isEmpty();
            assertThat(List.of(events.take(), events.take())).containsExactly("error", "close ERROR");
        }
    }
}
