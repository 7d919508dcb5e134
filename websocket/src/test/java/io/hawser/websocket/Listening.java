// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import io.hawser.connection.CloseCause;
import io.hawser.session.EventListener;
import io.hawser.session.Session;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Takes down what it is told, and echoes if asked to. */
final class Listening implements EventListener<WebSocketMessage> {
    final BlockingQueue<String> events = new LinkedBlockingQueue<>();
    final CompletableFuture<Session<WebSocketMessage>> session = new CompletableFuture<>();
    private final boolean echoes;

    Listening(boolean echoes) {
        this.echoes = echoes;
    }

    @Override
    public boolean onOpen(Session<WebSocketMessage> opened) {
        events.add("open");
        session.complete(opened);
        return true;
    }

    @Override
    public void onMessage(Session<WebSocketMessage> from, WebSocketMessage message) {
        if (echoes) {
            from.send(message);
            return;
        }
        final String part = message.isFirst() && message.isLast()
                ? ""
                : (message.isFirst() ? "first " : "") + (message.isLast() ? "last " : "") + "part ";
        events.add(part
                + switch (message) {
                    case WebSocketMessage.Text text -> "text " + text.text();
                    case WebSocketMessage.Binary binary -> "binary " + binary.size();
                });
    }

    @Override
    public void onError(Session<WebSocketMessage> of, Throwable error) {
        events.add("error " + error.getMessage());
    }

    @Override
    public void onClose(Session<WebSocketMessage> of, CloseCause cause) {
        events.add("close " + cause.kind() + " " + WebSocketSession.of(of).closeCode());
    }

    String next() throws InterruptedException {
        final String event = events.poll(20, TimeUnit.SECONDS);
        return event == null ? "nothing" : event;
    }

    /** What comes next, leaving out errors. */
    String nextButErrors() throws InterruptedException {
        String event = next();
        while (event.startsWith("error")) {
            event = next();
        }
        return event;
    }
}
