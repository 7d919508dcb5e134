// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import io.hawser.buffer.BlockPool;
import io.hawser.buffer.Buffer;
import io.hawser.tls.openssl.Live;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLException;

/**
 * What {@code tools/fuzz} runs: whatever comes to either side and at whatever moment, a library fails as it says, or waits; it makes no more plaintext than came,
 * says no more than can be meant, and gives all memory back.
 */
public final class TlsFuzz {
    private static final BlockPool POOL = new BlockPool(64 << 20);
    private static final TlsIdentity IDENTITY = Tls.selfSigned("a.test");
    /** In all; a handshake has a few KB. */
    private static final int MOST_ANSWER_BYTES = 64 * 1024;

    private static final int MOST_TURNS = 20;
    private static final List<TlsContext> CLIENTS = new ArrayList<>();
    private static final List<TlsContext> SERVERS = new ArrayList<>();

    private TlsFuzz() {}

    private static void make() throws SSLException {
        for (TlsLibrary library : List.of(JdkLibrary.INSTANCE, OpenSslLibrary.INSTANCE)) {
            if (library.unavailable().isEmpty()) {
                CLIENTS.add(library.context(settings(true)));
                SERVERS.add(library.context(settings(false)));
            }
        }
    }

    private static TlsSettings settings(boolean client) {
        return new TlsSettings(
                client,
                List.of(TlsVersion.values()),
                List.of(),
                List.of("http/1.1"),
                client ? List.of() : List.of(IDENTITY),
                List.of(IDENTITY.certificate()),
                List.of(),
                ClientAuth.NONE,
                true,
                true,
                100,
                Duration.ofHours(1));
    }

    /**
     * Called by Jazzer with whatever it thinks of. The first byte says which library, which side, and when: instead of all that the other side says, within it, or when
     * both have agreed.
     */
    public static void fuzzerTestOneInput(byte[] input) throws SSLException {
        if (SERVERS.isEmpty()) {
            make();
        }
        if (input.length < 3) {
            return;
        }
        final int library = (input[0] & 1) % SERVERS.size();
        final boolean toServer = (input[0] & 2) == 0;
        final int moment = (input[0] >> 2) & 3;
        final int live = Live.connections();
        try (EnginePair pair = new EnginePair(CLIENTS.get(library), SERVERS.get(library), "a.test", POOL)) {
            switch (moment) {
                case 0 -> {
                    final Buffer way = toServer ? pair.toServer : pair.toClient;
                    way.skip(way.readableBytes());
                    way.writeBytes(input, 1, input.length - 1);
                    check(toServer ? pair.server : pair.client, way, library == 0);
                }
                case 1, 2 -> {
                    // The server hears the first message, the client what is answered to it.
                    if (!toServer) {
                        step(pair.server, pair.toServer, pair.toClient);
                    }
                    final Buffer way = toServer ? pair.toServer : pair.toClient;
                    damage(way, input);
                    check(toServer ? pair.server : pair.client, way, library == 0);
                }
                default -> {
                    pair.settle();
                    try (Buffer way = new Buffer(POOL)) {
                        way.writeBytes(input, 1, input.length - 1);
                        check(toServer ? pair.server : pair.client, way, library == 0);
                    }
                }
            }
        }
        require(POOL.usedBytes() == 0, "bytes of blocks that were not given back: " + POOL.usedBytes());
        require(Live.connections() == live, "a connection of OpenSSL that was not freed");
    }

    /** Pairs of where and what. */
    private static void damage(Buffer way, byte[] input) {
        final byte[] bytes = way.readBytes((int) way.readableBytes());
        for (int i = 1; i + 2 < input.length; i += 3) {
            final int at = (((input[i] & 0xff) << 8) | (input[i + 1] & 0xff)) % Math.max(1, bytes.length);
            if (at < bytes.length) {
                bytes[at] = input[i + 2];
            }
        }
        way.writeBytes(bytes);
    }

    private static void step(TlsEngine engine, Buffer in, Buffer out) throws SSLException {
        try (Buffer plaintext = new Buffer(POOL)) {
            Optional<Runnable> task;
            do {
                engine.receive(in, plaintext, out);
                task = engine.task();
                task.ifPresent(Runnable::run);
            } while (task.isPresent());
        }
    }

    private static void check(TlsEngine engine, Buffer in, boolean mayThrowAnything) {
        final long came = in.readableBytes();
        try (Buffer plaintext = new Buffer(POOL);
                Buffer out = new Buffer(POOL)) {
            try {
                if (!engine.isEstablished() && !FirstBytes.check(in, TlsSettings.MAX_MESSAGE_BYTES, out)) {
                    return;
                }
                Optional<Runnable> task;
                int turns = 0;
                do {
                    engine.receive(in, plaintext, out);
                    task = engine.task();
                    task.ifPresent(Runnable::run);
                    require(++turns < MOST_TURNS, "it is never done");
                } while (task.isPresent());
            } catch (SSLException _) {
                // As it should.
            } catch (RuntimeException e) {
                // The JDK's own; the stage takes it for what it is.
                if (!mayThrowAnything) {
                    throw e;
                }
            }
            require(plaintext.readableBytes() <= came, "plaintext of " + plaintext.readableBytes() + " bytes");
            require(out.readableBytes() <= MOST_ANSWER_BYTES, "answers of " + out.readableBytes() + " bytes");
        }
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }
}
