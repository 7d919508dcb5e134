// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import io.hawser.connection.CloseCause;
import io.hawser.connection.Engine;
import io.hawser.connection.Limits;
import io.hawser.session.ClientListener;
import io.hawser.session.EventListener;
import io.hawser.session.Reconnect;
import io.hawser.session.Session;
import io.hawser.session.SessionClient;
import io.hawser.session.SlotState;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** What {@code tools/autobahn} tests: an echo server, or a client that echoes for one case after the other. */
final class AutobahnProgram {
    private static final int MOST_BYTES = 64 << 20;
    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final WebSocketOptions OPTIONS = WebSocketOptions.DEFAULT
            .withDeflate(PerMessageDeflate.DEFAULT.withThresholdBytes(1))
            // Case 9.3.1 sends 4 MiB in frames of 64 bytes.
            .withLimits(WebSocketLimits.DEFAULT.withFragments(1 << 20));

    private AutobahnProgram() {}

    /** The transport; then {@code server}, {@code client PORT}, or {@code port} to print one that is free. */
    public static void main(String[] args) throws Exception {
        switch (args[1]) {
            case "port" -> {
                try (ServerSocket free = new ServerSocket(0)) {
                    System.out.println(free.getLocalPort());
                }
            }
            case "server" -> serve(args[0]);
            case "client" -> {
                awaitPort(Integer.parseInt(args[2]));
                connect(args[0], "ws://127.0.0.1:" + args[2]);
            }
            default -> throw new IllegalArgumentException(args[1]);
        }
    }

    private static Engine engine(String transport) throws IOException {
        return Engine.builder()
                .transport(transport)
                .loops(1)
                .limits(Limits.DEFAULT
                        .withMessageBytes(MOST_BYTES)
                        .withInboundBytes(MOST_BYTES)
                        .withOutboundBytes(4L * MOST_BYTES, 256L << 10, 64L << 10))
                .start();
    }

    private static void serve(String transport) throws IOException {
        final var server = WebSocket.server("ws://127.0.0.1:0", OPTIONS)
                .engine(engine(transport))
                .listener(new Echo())
                .start();
        System.out.println("ws://127.0.0.1:" + server.address().port());
        server.join();
    }

    /** Sends back what comes. */
    private static class Echo implements EventListener<WebSocketMessage> {
        @Override
        public void onMessage(Session<WebSocketMessage> session, WebSocketMessage message) {
            session.send(message);
        }

        @Override
        public void onError(Session<WebSocketMessage> session, Throwable error) {
            // Most cases are meant to fail.
        }
    }

    /** Knows when a session is over, or could not be had. */
    private static class Waiting extends Echo implements ClientListener {
        final CompletableFuture<String> over = new CompletableFuture<>();

        @Override
        public void onClose(Session<WebSocketMessage> session, CloseCause cause) {
            over.complete("");
        }

        @Override
        public void onSlot(SlotState state) {
            if (state.phase() == SlotState.Phase.WAITING) {
                over.complete("");
            }
        }
    }

    /** Answers nothing; completes with the first message. */
    private static final class Asking extends Waiting {
        @Override
        public void onMessage(Session<WebSocketMessage> session, WebSocketMessage message) {
            over.complete(new String(message.bytes(), StandardCharsets.UTF_8));
        }
    }

    private static String run(Engine engine, String uri, Waiting listener) throws IOException {
        try (SessionClient<WebSocketMessage> _ = WebSocket.client(uri, OPTIONS)
                .engine(engine)
                .listener(listener)
                .clientListener(listener)
                // Never: each case is one connection.
                .reconnect(Reconnect.of(Duration.ofHours(1), Duration.ofHours(1)))
                .start()) {
            return listener.over
                    .completeOnTimeout("", PATIENCE.toSeconds(), TimeUnit.SECONDS)
                    .join();
        }
    }

    /** The suite takes its time to start. */
    private static void awaitPort(int port) throws InterruptedException {
        final long deadlineNs = System.nanoTime() + PATIENCE.toNanos();
        while (System.nanoTime() < deadlineNs) {
            try (Socket _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
                return;
            } catch (IOException _) {
                TimeUnit.MILLISECONDS.sleep(500);
            }
        }
    }

    private static void connect(String transport, String uri) throws IOException {
        try (Engine engine = engine(transport)) {
            final int cases = Integer.parseInt(run(engine, uri + "/getCaseCount", new Asking()));
            System.out.println(cases + " cases");
            for (int i = 1; i <= cases; i++) {
                final String which = "?agent=client&case=" + i;
                run(engine, uri + "/runCase" + which, new Waiting());
                // Answered when the suite has written down how it went, which it does when it has noticed the end.
                if (run(engine, uri + "/getCaseStatus" + which, new Asking()).isEmpty()) {
                    System.err.println("no result of case " + i + " of " + cases);
                }
            }
            run(engine, uri + "/updateReports?agent=client", new Waiting());
        }
    }
}
