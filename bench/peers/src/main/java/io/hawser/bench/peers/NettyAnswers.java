// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/** Writes answers, flushes them, and reads no more while they are not taken. One for each channel. */
abstract class NettyAnswers extends ChannelInboundHandlerAdapter {
    private final boolean flushEach;

    /** @param flushEach whether each message is flushed at once, as FlushConsolidationHandler wants it; else each read is */
    NettyAnswers(boolean flushEach) {
        this.flushEach = flushEach;
    }

    final void answer(ChannelHandlerContext context, Object message) {
        final var unused = flushEach
                ? context.writeAndFlush(message, context.voidPromise())
                : context.write(message, context.voidPromise());
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        if (!flushEach) {
            context.flush();
        }
    }

    /** Who does not read is not read from. */
    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (!context.channel().isWritable()) {
            // Else it could wait for a flush at the end of a read that does not come.
            context.flush();
        }
        // Asked again: the flush may have made it writable, and then said so already.
        context.channel().config().setAutoRead(context.channel().isWritable());
    }
}
