// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import io.hawser.buffer.BlockSource;
import io.hawser.buffer.Buffer;
import java.util.Optional;
import java.util.Random;
import javax.net.ssl.SSLException;

/** A client and a server of TLS that lie in one another's arms: what one sends, the other gets, however it is cut. */
final class EnginePair implements AutoCloseable {
    private static final int MAX_PIECE_BYTES = 3_000;
    private static final int IDLE_TURNS = 2;

    final TlsEngine client;
    final TlsEngine server;
    final Buffer toServer;
    final Buffer toClient;
    /** What the client's data meant to the server, and the other way round. */
    final Buffer atServer;

    final Buffer atClient;
    private final Buffer serverIn;
    private final Buffer clientIn;
    private final BlockSource blocks;
    private Optional<Random> cuts = Optional.empty();

    EnginePair(TlsContext clients, TlsContext servers, String host, BlockSource blocks) throws SSLException {
        this.blocks = blocks;
        client = clients.engine(Optional.of(new TlsPeer(host, 443)), blocks);
        server = servers.engine(Optional.empty(), blocks);
        toServer = new Buffer(blocks);
        toClient = new Buffer(blocks);
        atServer = new Buffer(blocks);
        atClient = new Buffer(blocks);
        serverIn = new Buffer(blocks);
        clientIn = new Buffer(blocks);
        client.start(toServer);
        server.start(toClient);
    }

    /** Cuts what is passed on into pieces of one to 3,000 bytes. */
    EnginePair cutBy(long seed) {
        cuts = Optional.of(new Random(seed));
        return this;
    }

    /** Until both have nothing more to say. */
    EnginePair settle() throws SSLException {
        int idle = 0;
        while (idle < IDLE_TURNS) {
            idle = toServer.readableBytes() + toClient.readableBytes() == 0 ? idle + 1 : 0;
            settle(server, toServer, serverIn, atServer, toClient);
            settle(client, toClient, clientIn, atClient, toServer);
        }
        return this;
    }

    private void settle(TlsEngine engine, Buffer from, Buffer in, Buffer plaintext, Buffer out) throws SSLException {
        Optional<Runnable> task;
        do {
            pass(from, in);
            engine.receive(in, plaintext, out);
            task = engine.task();
            task.ifPresent(Runnable::run);
        } while (task.isPresent() || from.readableBytes() > 0);
    }

    private void pass(Buffer from, Buffer to) {
        final long bytes = from.readableBytes();
        if (cuts.isEmpty()) {
            to.append(from, bytes);
        } else if (bytes > 0) {
            final int piece = (int) Math.min(bytes, 1 + cuts.get().nextInt(MAX_PIECE_BYTES));
            try (Buffer alone = new Buffer(blocks)) {
                alone.writeBytes(from.readBytes(piece));
                to.append(alone, piece);
            }
        }
    }

    /** What arrives at the server if the client sends {@code bytes}, in blocks of lengths that {@code seed} says. */
    byte[] toServer(byte[] bytes, long seed) throws SSLException {
        send(client, bytes, seed, toServer);
        settle();
        return atServer.readBytes((int) atServer.readableBytes());
    }

    byte[] toClient(byte[] bytes, long seed) throws SSLException {
        send(server, bytes, seed, toClient);
        settle();
        return atClient.readBytes((int) atClient.readableBytes());
    }

    private void send(TlsEngine engine, byte[] bytes, long seed, Buffer out) throws SSLException {
        final Random lengths = new Random(seed);
        try (Buffer plaintext = new Buffer(blocks)) {
            for (int at = 0; at < bytes.length; ) {
                final int piece = Math.min(bytes.length - at, 1 + lengths.nextInt(1 << lengths.nextInt(17)));
                try (Buffer block = new Buffer(blocks)) {
                    block.writeBytes(bytes, at, piece);
                    plaintext.append(block, piece);
                }
                at += piece;
            }
            while (plaintext.readableBytes() > 0) {
                plaintext.skip(engine.send(plaintext, out));
            }
        }
    }

    @Override
    public void close() {
        client.close();
        server.close();
        toServer.close();
        toClient.close();
        atServer.close();
        atClient.close();
        serverIn.close();
        clientIn.close();
    }
}
