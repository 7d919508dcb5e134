// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.handler.codec.LengthFieldPrepender;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolConfig;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolHandler;
import io.netty.handler.codec.http.websocketx.extensions.compression.WebSocketServerCompressionHandler;
import io.netty.handler.flush.FlushConsolidationHandler;
import io.netty.handler.ssl.SslContext;
import org.jspecify.annotations.Nullable;

/** Netty's handlers of a connection, of each mode as Netty's own examples have them. */
final class NettyPipeline {
    /** Of the request that asks for WebSocket; no body is expected. */
    private static final int MAX_UPGRADE = 64 << 10;

    private NettyPipeline() {}

    /** @param tls what {@link Mode#TLS} needs, and no other mode has */
    static void populate(SocketChannel channel, Settings settings, @Nullable SslContext tls) {
        final ChannelPipeline pipeline = channel.pipeline();
        final boolean flushEach = settings.consolidate();
        if (flushEach) {
            pipeline.addLast(new FlushConsolidationHandler(
                    FlushConsolidationHandler.DEFAULT_EXPLICIT_FLUSH_AFTER_FLUSHES, true));
        }
        if (tls != null) {
            pipeline.addLast(tls.newHandler(channel.alloc()));
        }
        switch (settings.mode()) {
            case FRAMED ->
                pipeline.addLast(new LengthFieldBasedFrameDecoder(
                                Settings.MAX_FRAME + Settings.PREFIX, 0, Settings.PREFIX, 0, Settings.PREFIX))
                        .addLast(new LengthFieldPrepender(Settings.PREFIX));
            case HTTP -> pipeline.addLast(new HttpServerCodec());
            case WS ->
                pipeline.addLast(new HttpServerCodec())
                        .addLast(new HttpObjectAggregator(MAX_UPGRADE))
                        // Takes itself out where the client has not asked for it.
                        .addLast(new WebSocketServerCompressionHandler(Settings.MAX_FRAME))
                        .addLast(new WebSocketServerProtocolHandler(WebSocketServerProtocolConfig.newBuilder()
                                .websocketPath(Mode.PATH)
                                .allowExtensions(true)
                                .maxFramePayloadLength(Settings.MAX_FRAME)
                                .build()));
            case ECHO, TLS, UDP -> {}
        }
        pipeline.addLast(settings.mode() == Mode.HTTP ? new NettyHello(flushEach) : new NettyEcho(flushEach));
    }
}
