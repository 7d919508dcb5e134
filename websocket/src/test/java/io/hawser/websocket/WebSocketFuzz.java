// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import io.hawser.connection.CloseCause;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionHandler;
import io.hawser.connection.Engine;
import io.hawser.session.EventListener;
import io.hawser.session.Session;
import io.hawser.sim.Simulation;
import io.hawser.transport.sim.SimTrace;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionException;

/**
 * What {@code tools/fuzz} runs: whatever a client sends to a server behind its handshake, however it is cut, means the same messages and the same
 * answers; none is longer than allowed; the session ends, and no block and no state of zlib is left. On a simulated network, so that no
 * time passes.
 */
public final class WebSocketFuzz {
    private static final int MOST_BYTES = 10_000;
    private static final int LIMIT = 50;
    private static final long SECOND_NS = Duration.ofSeconds(1).toNanos();
    /** With what a message is handed on. */
    private static final int PLAIN_PORT = 81;

    private static final int DEFLATE_PORT = 82;
    private static final int PARTS_PORT = 83;

    private static final Heard HEARD = new Heard();
    /** A host of the simulated network has no more ports than a real one, and uses none twice. */
    private static final int MOST_DIALS = 5_000;

    private static Simulation simulation = new Simulation(1, SimTrace.hashing());
    private static Engine server;
    private static Engine client;
    private static int dials = MOST_DIALS;

    private WebSocketFuzz() {}

    private static void renew() {
        try {
            if (server != null) {
                server.close();
                client.close();
            }
            simulation = new Simulation(1, SimTrace.hashing());
            server = simulation.engine("10.0.0.1").loops(1).start();
            client = simulation.engine("10.0.0.2").loops(1).start();
            final WebSocketOptions options = WebSocketOptions.DEFAULT.withLimits(
                    WebSocketLimits.DEFAULT.withFragments(LIMIT).withControlFramesPerSecond(LIMIT));
            listen(PLAIN_PORT, options);
            listen(DEFLATE_PORT, options);
            listen(PARTS_PORT, options.withFragments(true));
            dials = 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void listen(int port, WebSocketOptions options) throws IOException {
        final var unused = WebSocket.server("ws://10.0.0.1:" + port + "/", options)
                .engine(server)
                .maxMessageBytes(MOST_BYTES)
                .listener(HEARD)
                .start();
    }

    /** What the server has been told. */
    private static final class Heard implements EventListener<WebSocketMessage> {
        private final List<String> messages = new ArrayList<>();
        private final ByteArrayOutputStream parts = new ByteArrayOutputStream();
        private int opens;
        private int closes;

        void clear() {
            messages.clear();
            parts.reset();
            opens = 0;
            closes = 0;
        }

        @Override
        public boolean onOpen(Session<WebSocketMessage> opened) {
            opens++;
            return true;
        }

        @Override
        public void onMessage(Session<WebSocketMessage> from, WebSocketMessage message) {
            // How a message is cut into parts depends on how it came.
            parts.writeBytes(message.bytes());
            require(parts.size() <= MOST_BYTES, "a message of " + parts.size() + " bytes");
            if (message.isLast()) {
                messages.add(message.getClass().getSimpleName() + " " + Arrays.toString(parts.toByteArray()));
                parts.reset();
            }
        }

        @Override
        public void onError(Session<WebSocketMessage> of, Throwable error) {
            require(!(error instanceof RuntimeException), "failed by " + error);
        }

        @Override
        public void onClose(Session<WebSocketMessage> of, CloseCause cause) {
            closes++;
        }
    }

    /** Sends, and takes down what comes. */
    private static final class Client implements ConnectionHandler {
        private final ByteArrayOutputStream received = new ByteArrayOutputStream();
        private int closes;

        @Override
        public void onData(Connection connection) {
            received.writeBytes(
                    connection.reader().readBytes((int) connection.reader().readableBytes()));
        }

        @Override
        public void onClose(Connection connection, CloseCause cause) {
            closes++;
        }
    }

    /** Called by Jazzer with whatever it thinks of: a byte that says what is agreed on, and the client's frames. */
    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length < 2) {
            return;
        }
        final String whole = outcome(input, input.length);
        for (int piece : new int[] {1, 17}) {
            final String cut = outcome(input, piece);
            require(whole.equals(cut), whole + ", and cut " + cut);
        }
    }

    private static String outcome(byte[] input, int piece) {
        final int port = PLAIN_PORT + (input[0] & 3) % 3;
        if (dials++ >= MOST_DIALS) {
            renew();
        }
        HEARD.clear();
        final Client peer = new Client();
        final var dial = client.dial("tcp://10.0.0.1:" + port, peer);
        simulation.await(dial);
        final Connection connection;
        try {
            connection = dial.join();
        } catch (CompletionException e) {
            throw new AssertionError(e);
        }
        final String request = port == PLAIN_PORT
                ? Frames.request("/")
                : Frames.request("/", "Sec-WebSocket-Extensions: permessage-deflate");
        connection.execute(() -> connection.writer().writeBytes(request.getBytes(StandardCharsets.US_ASCII)));
        simulation.runUntil(() -> HEARD.opens == 1, SECOND_NS);
        require(HEARD.opens == 1, "no handshake");
        final int head = peer.received.size();
        for (int at = 1; at < input.length; at += piece) {
            final int from = at;
            final int n = Math.min(piece, input.length - at);
            connection.execute(() -> {
                if (connection.isOpen()) {
                    connection.writer().writeBytes(input, from, n);
                }
            });
            simulation.runFor(piece == input.length ? SECOND_NS : 20_000);
        }
        connection.execute(() -> {
            if (connection.isOpen()) {
                connection.shutdownOutput();
            }
        });
        simulation.runUntil(() -> HEARD.closes == 1 && peer.closes == 1, 30 * SECOND_NS);
        require(HEARD.closes == 1 && peer.closes == 1, "a session that does not end");
        simulation.runUntil(
                () -> server.pool().usedBytes() == 0 && client.pool().usedBytes() == 0, SECOND_NS);
        require(server.pool().usedBytes() == 0, "blocks that were not given back");
        require(ZlibPool.live() == 0, "states of zlib that were not freed");
        final byte[] all = peer.received.toByteArray();
        final byte[] frames = Arrays.copyOfRange(all, Math.min(all.length, head), all.length);
        if (port != PLAIN_PORT) {
            forgetWhatWasFoundFirst(frames);
        }
        return HEARD.messages + " and " + Arrays.toString(frames);
    }

    /** What is inflated at once may be both no text and too long; which of the two is found first depends on how much that is. */
    private static void forgetWhatWasFoundFirst(byte[] frames) {
        final int n = frames.length;
        final boolean closed = n >= 4 && (frames[n - 4] & 0xff) == 0x88 && frames[n - 3] == 2 && frames[n - 2] == 3;
        if (closed && (frames[n - 1] & 0xff) == (CloseCodes.TOO_LONG & 0xff)) {
            frames[n - 1] = (byte) CloseCodes.INVALID_DATA;
        }
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }
}
