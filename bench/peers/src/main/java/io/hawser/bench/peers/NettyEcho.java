// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.ChannelInputShutdownEvent;

/** Writes back what it is given: bytes, or the frames of the decoder before it. One for each connection. */
final class NettyEcho extends NettyAnswers {
    NettyEcho(boolean flushEach) {
        super(flushEach);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        answer(context, message);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE) {
            // Behind what waits to be sent, and past the encoder, which would make a frame of it.
            context.pipeline()
                    .firstContext()
                    .writeAndFlush(Unpooled.EMPTY_BUFFER)
                    .addListener(ChannelFutureListener.CLOSE);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        final var unused = context.close();
    }
}
