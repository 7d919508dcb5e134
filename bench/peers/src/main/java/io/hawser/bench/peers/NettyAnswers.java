// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;

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

    /** The peer has ended its side: so does this one, when all that waits is sent. */
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
}
