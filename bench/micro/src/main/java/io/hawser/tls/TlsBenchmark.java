// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import io.hawser.buffer.Block;
import io.hawser.buffer.BlockCache;
import io.hawser.buffer.BlockPool;
import io.hawser.buffer.Buffer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLException;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Both ends of a connection of TLS 1.3 in memory, on one thread: a message encrypted by one and decrypted by the other, and full handshakes. All with
 * TLS_AES_128_GCM_SHA256 and a certificate for P-256, which the client verifies. In the package of the engines, which are not public.
 */
@State(Scope.Thread)
public class TlsBenchmark {
    private static final String HOST = "localhost";
    private static final String SUITE = "TLS_AES_128_GCM_SHA256";
    private static final TlsIdentity IDENTITY = SelfSigned.make(List.of(HOST), Duration.ofDays(1));
    private static final int MAX_TURNS = 8;

    /** How long a message is. */
    @State(Scope.Thread)
    public static class Message {
        /** A full record, and what a small answer takes. */
        @Param({"16384", "256"})
        public int bytes;
    }

    /** Two of Hawser's engines. */
    public abstract static class Hawser {
        private final TlsLibrary library;
        private BlockPool pool;
        private BlockCache blocks;
        private TlsContext clients;
        private TlsContext servers;
        private TlsEngine client;
        private TlsEngine server;
        private Buffer toServer;
        private Buffer toClient;
        private Buffer plaintext;
        private Buffer arrived;
        private int port;

        Hawser(TlsLibrary library) {
            this.library = library;
        }

        /** On the thread that will use them. */
        @Setup(Level.Trial)
        public void open() throws SSLException {
            if (library.unavailable().isPresent()) {
                throw new IllegalStateException(library.unavailable().get());
            }
            pool = new BlockPool(64 << 20);
            blocks = pool.newCache();
            blocks.bind();
            toServer = new Buffer(blocks);
            toClient = new Buffer(blocks);
            plaintext = new Buffer(blocks);
            arrived = new Buffer(blocks);
            clients = library.context(settings(true));
            servers = library.context(settings(false));
            connect();
        }

        private static TlsSettings settings(boolean client) {
            return new TlsSettings(
                    client,
                    List.of(TlsVersion.TLS_1_3),
                    List.of(SUITE),
                    List.of(),
                    client ? List.of() : List.of(IDENTITY),
                    List.of(IDENTITY.certificate()),
                    List.of(),
                    io.hawser.tls.ClientAuth.NONE,
                    true,
                    true,
                    1,
                    Duration.ofHours(1));
        }

        /** Another port is another peer, so there is no session to go on with. */
        private void connect() throws SSLException {
            port = (port + 1) & 0xffff;
            client = clients.engine(Optional.of(new TlsPeer(HOST, port)), blocks);
            server = servers.engine(Optional.empty(), blocks);
            client.start(toServer);
            server.start(toClient);
            for (int i = 0;
                    i < MAX_TURNS
                            && !(client.isEstablished() && server.isEstablished() && toClient.readableBytes() == 0);
                    i++) {
                server.receive(toServer, arrived, toClient);
                server.task().ifPresent(Runnable::run);
                client.receive(toClient, arrived, toServer);
                client.task().ifPresent(Runnable::run);
            }
            if (!server.isEstablished()) {
                throw new IllegalStateException("No handshake");
            }
        }

        long handshake() throws SSLException {
            client.close();
            server.close();
            connect();
            return port;
        }

        long message(int bytes) throws SSLException {
            final Block block = blocks.acquire(bytes);
            block.received(bytes);
            plaintext.appendBlock(block);
            plaintext.skip(client.send(plaintext, toServer));
            server.receive(toServer, arrived, toClient);
            final long got = arrived.readableBytes();
            if (got != bytes) {
                throw new IllegalStateException(got + " bytes of " + bytes);
            }
            arrived.skip(got);
            arrived.trim();
            plaintext.trim();
            toServer.trim();
            return got;
        }

        /** Gives all back. */
        @TearDown(Level.Trial)
        public void close() {
            client.close();
            server.close();
            toServer.close();
            toClient.close();
            plaintext.close();
            arrived.close();
            blocks.close();
            pool.close();
        }
    }

    /** The JDK's engine. */
    @State(Scope.Thread)
    public static class HawserJdk extends Hawser {
        /** As JMH calls it. */
        public HawserJdk() {
            super(JdkLibrary.INSTANCE);
        }
    }

    /** OpenSSL, as the system has it. */
    @State(Scope.Thread)
    public static class HawserOpenSsl extends Hawser {
        /** As JMH calls it. */
        public HawserOpenSsl() {
            super(OpenSslLibrary.INSTANCE);
        }
    }

    /** Two of Netty's handlers, each in a channel of its own. */
    public abstract static class Netty {
        private final SslProvider provider;
        private SslContext clients;
        private SslContext servers;
        private EmbeddedChannel client;
        private EmbeddedChannel server;
        private int port;

        Netty(SslProvider provider) {
            this.provider = provider;
        }

        /** On the thread that will use them. */
        @Setup(Level.Trial)
        public void open() throws SSLException {
            final X509Certificate certificate = IDENTITY.certificate();
            clients = SslContextBuilder.forClient()
                    .sslProvider(provider)
                    .protocols("TLSv1.3")
                    .ciphers(List.of(SUITE))
                    .trustManager(certificate)
                    .endpointIdentificationAlgorithm("HTTPS")
                    .build();
            servers = SslContextBuilder.forServer(IDENTITY.key(), certificate)
                    .sslProvider(provider)
                    .protocols("TLSv1.3")
                    .ciphers(List.of(SUITE))
                    .clientAuth(ClientAuth.NONE)
                    .build();
            connect();
        }

        private static EmbeddedChannel channel(SslHandler handler) {
            final EmbeddedChannel channel = new EmbeddedChannel();
            channel.config().setAllocator(PooledByteBufAllocator.DEFAULT);
            channel.pipeline().addLast(handler);
            return channel;
        }

        private void connect() {
            port = (port + 1) & 0xffff;
            client = channel(clients.newHandler(PooledByteBufAllocator.DEFAULT, HOST, port));
            server = channel(servers.newHandler(PooledByteBufAllocator.DEFAULT));
            for (int i = 0; i < MAX_TURNS; i++) {
                pass(client, server);
                pass(server, client);
            }
            if (!server.pipeline().get(SslHandler.class).handshakeFuture().isSuccess()) {
                throw new IllegalStateException(server.pipeline()
                        .get(SslHandler.class)
                        .handshakeFuture()
                        .cause());
            }
        }

        private static void pass(EmbeddedChannel from, EmbeddedChannel to) {
            from.runPendingTasks();
            for (ByteBuf bytes = from.readOutbound(); bytes != null; bytes = from.readOutbound()) {
                to.writeInbound(bytes);
            }
        }

        long handshake() {
            client.finishAndReleaseAll();
            server.finishAndReleaseAll();
            connect();
            return port;
        }

        long message(int bytes) {
            client.writeOutbound(
                    PooledByteBufAllocator.DEFAULT.directBuffer(bytes).writerIndex(bytes));
            pass(client, server);
            long got = 0;
            for (ByteBuf arrived = server.readInbound(); arrived != null; arrived = server.readInbound()) {
                got += arrived.readableBytes();
                arrived.release();
            }
            if (got != bytes) {
                throw new IllegalStateException(got + " bytes of " + bytes);
            }
            return got;
        }

        /** Gives all back. */
        @TearDown(Level.Trial)
        public void close() {
            client.finishAndReleaseAll();
            server.finishAndReleaseAll();
        }
    }

    /** The JDK's engine. */
    @State(Scope.Thread)
    public static class NettyJdk extends Netty {
        /** As JMH calls it. */
        public NettyJdk() {
            super(SslProvider.JDK);
        }
    }

    /** BoringSSL, which Netty brings along and calls by JNI. */
    @State(Scope.Thread)
    public static class NettyOpenSsl extends Netty {
        /** As JMH calls it. */
        public NettyOpenSsl() {
            super(SslProvider.OPENSSL_REFCNT);
        }
    }

    // ---- a message, there

    /** Hawser. */
    @Benchmark
    public long messageByHawserJdk(HawserJdk hawser, Message message) throws SSLException {
        return hawser.message(message.bytes);
    }

    /** Hawser. */
    @Benchmark
    public long messageByHawserOpenSsl(HawserOpenSsl hawser, Message message) throws SSLException {
        return hawser.message(message.bytes);
    }

    /** Netty. */
    @Benchmark
    public long messageByNettyJdk(NettyJdk netty, Message message) {
        return netty.message(message.bytes);
    }

    /** Netty. */
    @Benchmark
    public long messageByNettyOpenSsl(NettyOpenSsl netty, Message message) {
        return netty.message(message.bytes);
    }

    // ---- a full handshake

    /** Hawser. */
    @Benchmark
    public long handshakeByHawserJdk(HawserJdk hawser) throws SSLException {
        return hawser.handshake();
    }

    /** Hawser. */
    @Benchmark
    public long handshakeByHawserOpenSsl(HawserOpenSsl hawser) throws SSLException {
        return hawser.handshake();
    }

    /** Netty. */
    @Benchmark
    public long handshakeByNettyJdk(NettyJdk netty) {
        return netty.handshake();
    }

    /** Netty. */
    @Benchmark
    public long handshakeByNettyOpenSsl(NettyOpenSsl netty) {
        return netty.handshake();
    }
}
