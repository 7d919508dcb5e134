// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.DatagramPacket;

/** Sends each datagram back to its sender, without a copy. One for each socket. */
final class NettyDatagramEcho extends NettyAnswers {
    NettyDatagramEcho(boolean flushEach) {
        super(flushEach);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        // The content goes on to the answer, which releases it when it is sent.
        final DatagramPacket packet = (DatagramPacket) message;
        answer(context, new DatagramPacket(packet.content(), packet.sender()));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        // A sender that is gone makes the next call on the socket fail; the others are to be served all the same.
    }
}
