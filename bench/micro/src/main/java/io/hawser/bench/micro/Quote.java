// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.micro;

import io.hawser.buffer.Reader;
import io.hawser.buffer.Writer;
import io.hawser.session.MessageCodec;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.MessageToByteEncoder;
import io.netty.handler.codec.MessageToMessageDecoder;
import java.util.List;

/** A message of 64 bytes, as a program has it. */
record Quote(long id, long time, long bid, long ask, long bidSize, long askSize, long venue, long flags) {
    static final MessageCodec<Quote> CODEC = new MessageCodec<>() {
        @Override
        public Quote decode(Reader in) {
            return new Quote(
                    in.readLong(),
                    in.readLong(),
                    in.readLong(),
                    in.readLong(),
                    in.readLong(),
                    in.readLong(),
                    in.readLong(),
                    in.readLong());
        }

        @Override
        public void encode(Quote quote, Writer out) {
            out.writeLong(quote.id)
                    .writeLong(quote.time)
                    .writeLong(quote.bid)
                    .writeLong(quote.ask)
                    .writeLong(quote.bidSize)
                    .writeLong(quote.askSize)
                    .writeLong(quote.venue)
                    .writeLong(quote.flags);
        }
    };

    static ChannelHandler nettyDecoder() {
        return new MessageToMessageDecoder<ByteBuf>(ByteBuf.class) {
            @Override
            protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
                out.add(new Quote(
                        in.readLong(),
                        in.readLong(),
                        in.readLong(),
                        in.readLong(),
                        in.readLong(),
                        in.readLong(),
                        in.readLong(),
                        in.readLong()));
            }
        };
    }

    static ChannelHandler nettyEncoder() {
        return new MessageToByteEncoder<Quote>(Quote.class) {
            @Override
            protected ByteBuf allocateBuffer(ChannelHandlerContext context, Quote quote, boolean preferDirect) {
                return context.alloc().ioBuffer(Long.BYTES * 8);
            }

            @Override
            protected void encode(ChannelHandlerContext context, Quote quote, ByteBuf out) {
                out.writeLong(quote.id)
                        .writeLong(quote.time)
                        .writeLong(quote.bid)
                        .writeLong(quote.ask)
                        .writeLong(quote.bidSize)
                        .writeLong(quote.askSize)
                        .writeLong(quote.venue)
                        .writeLong(quote.flags);
            }
        };
    }
}
