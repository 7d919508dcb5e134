// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;

/** Sends each datagram back to its sender, without a copy. One for each socket. */
final class NettyDatagramEcho extends SimpleChannelInboundHandler<DatagramPacket> {
    private final boolean flushEach;

    NettyDatagramEcho(boolean flushEach) {
        this.flushEach = flushEach;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
        final DatagramPacket answer = new DatagramPacket(packet.content().retain(), packet.sender());
        final var unused = flushEach
                ? context.writeAndFlush(answer, context.voidPromise())
                : context.write(answer, context.voidPromise());
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        if (!flushEach) {
            context.flush();
        }
    }

    /** What cannot be sent is not received. */
    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (!context.channel().isWritable()) {
            // Else it could wait for a flush at the end of a read that does not come.
            context.flush();
        }
        // Asked again: the flush may have made it writable, and then said so already.
        context.channel().config().setAutoRead(context.channel().isWritable());
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        // A sender that is gone makes the next call on the socket fail; the others are to be served all the same.
    }
}
