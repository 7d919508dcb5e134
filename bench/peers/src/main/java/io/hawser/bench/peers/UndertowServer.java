// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.xnio.Options;

/** Undertow, which answers on the threads that read; its acceptor is a thread of its own. */
final class UndertowServer implements PeerServer {
    private static final ByteBuffer BODY = ByteBuffer.allocateDirect(Hello.BODY.length())
            .put(Hello.body())
            .flip()
            .asReadOnlyBuffer();

    private final Undertow undertow;

    private UndertowServer(Undertow undertow) {
        this.undertow = undertow;
    }

    static UndertowServer start(Settings settings) {
        final Undertow undertow = Undertow.builder()
                .addHttpListener(0, Settings.anyPort().getAddress().getHostAddress())
                .setIoThreads(settings.loops())
                // For handlers that block, of which there are none.
                .setWorkerThreads(1)
                .setSocketOption(Options.BACKLOG, Settings.BACKLOG)
                .setSocketOption(Options.TCP_NODELAY, true)
                // HTTP/1.1 keeps alive without saying so.
                .setServerOption(UndertowOptions.ALWAYS_SET_KEEP_ALIVE, false)
                .setHandler(UndertowServer::answer)
                .build();
        undertow.start();
        return new UndertowServer(undertow);
    }

    private static void answer(HttpServerExchange exchange) {
        exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, Hello.TYPE);
        exchange.getResponseSender().send(BODY.duplicate());
    }

    @Override
    public InetSocketAddress address() {
        return (InetSocketAddress) undertow.getListenerInfo().getFirst().getAddress();
    }

    @Override
    public void close() {
        undertow.stop();
    }
}
