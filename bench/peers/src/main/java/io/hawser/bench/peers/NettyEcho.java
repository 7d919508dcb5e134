// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import io.netty.channel.ChannelHandlerContext;

/** Writes back what it is given: bytes, or the frames or messages of the decoder before it. One for each connection. */
final class NettyEcho extends NettyAnswers {
    NettyEcho(boolean flushEach) {
        super(flushEach);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        answer(context, message);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        final var unused = context.close();
    }
}
