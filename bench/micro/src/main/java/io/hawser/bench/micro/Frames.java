// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.micro;

import io.hawser.session.Codecs;
import io.hawser.session.Framing;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.handler.codec.LengthFieldPrepender;
import io.netty.handler.codec.LineBasedFrameDecoder;
import io.netty.handler.codec.MessageToMessageEncoder;
import io.netty.handler.codec.protobuf.ProtobufVarint32FrameDecoder;
import io.netty.handler.codec.protobuf.ProtobufVarint32LengthFieldPrepender;
import java.io.ByteArrayOutputStream;
import java.util.List;

/** One framing in both libraries. */
public enum Frames {
    /** Four bytes of length. */
    LENGTH4 {
        @Override
        Framing hawser() {
            return Codecs.lengthField(4);
        }

        @Override
        ChannelHandler decoder() {
            return new LengthFieldBasedFrameDecoder(MAX_BYTES, 0, 4, 0, 4);
        }

        @Override
        ChannelHandler encoder() {
            return new LengthFieldPrepender(4);
        }

        @Override
        byte[] frame(byte[] body) {
            return join(new byte[] {0, 0, 0, (byte) body.length}, body);
        }
    },

    /** A varint of length. */
    VARINT {
        @Override
        Framing hawser() {
            return Codecs.varintLength();
        }

        @Override
        ChannelHandler decoder() {
            return new ProtobufVarint32FrameDecoder();
        }

        @Override
        ChannelHandler encoder() {
            return new ProtobufVarint32LengthFieldPrepender();
        }

        @Override
        byte[] frame(byte[] body) {
            return join(new byte[] {(byte) body.length}, body);
        }
    },

    /** A line feed at the end. */
    LINE {
        @Override
        Framing hawser() {
            return Codecs.line();
        }

        @Override
        ChannelHandler decoder() {
            return new LineBasedFrameDecoder(MAX_BYTES);
        }

        @Override
        ChannelHandler encoder() {
            return new LineFeedAppender();
        }

        @Override
        byte[] frame(byte[] body) {
            return join(body, new byte[] {'\n'});
        }
    };

    private static final int MAX_BYTES = 1 << 20;

    abstract Framing hawser();

    abstract ChannelHandler decoder();

    abstract ChannelHandler encoder();

    abstract byte[] frame(byte[] body);

    /** {@code count} frames, one behind the other, of bodies of {@code bodyBytes}, at most 127. */
    byte[] stream(int count, int bodyBytes) {
        final byte[] body = "x".repeat(bodyBytes).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        final ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int i = 0; i < count; i++) {
            all.writeBytes(frame(body));
        }
        return all.toByteArray();
    }

    private static byte[] join(byte[] first, byte[] second) {
        final ByteArrayOutputStream both = new ByteArrayOutputStream();
        both.writeBytes(first);
        both.writeBytes(second);
        return both.toByteArray();
    }

    /** Netty has an encoder of lines for strings only; this does for buffers what its prependers do. */
    private static final class LineFeedAppender extends MessageToMessageEncoder<ByteBuf> {
        private static final ByteBuf LF = Unpooled.unreleasableBuffer(
                        Unpooled.directBuffer(1).writeByte('\n'))
                .asReadOnly();

        LineFeedAppender() {
            super(ByteBuf.class);
        }

        @Override
        protected void encode(ChannelHandlerContext context, ByteBuf line, List<Object> out) {
            out.add(line.retain());
            out.add(LF.duplicate());
        }
    }
}
