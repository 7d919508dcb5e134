// SPDX-License-Identifier: Apache-2.0
package io.hawser.console;

import io.hawser.connection.CloseCause;
import io.hawser.session.AttributeKey;
import io.hawser.session.EventListener;
import io.hawser.session.SendFailedException;
import io.hawser.session.Session;
import io.hawser.websocket.WebSocketMessage;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Sends to each page that is open how things stand, once a second, and at once when it asks for other connections. Whoever does not take what is sent is
 * left out until it has.
 */
final class Viewers implements EventListener<WebSocketMessage> {
    /** More pages than that are nobody's. */
    static final int MAX_VIEWERS = 32;

    private static final AttributeKey<Viewer> VIEWER = AttributeKey.of("viewer");

    private final Watch watch;
    private final AtomicInteger viewers = new AtomicInteger();

    private static final class Viewer {
        private volatile Optional<ViewQuery> query = Optional.empty();
        /** A look is under way, or not taken yet. */
        private final AtomicBoolean looking = new AtomicBoolean();
    }

    Viewers(Watch watch) {
        this.watch = watch;
    }

    @Override
    public boolean onOpen(Session<WebSocketMessage> session) {
        if (viewers.incrementAndGet() > MAX_VIEWERS) {
            viewers.decrementAndGet();
            return false;
        }
        session.set(VIEWER, new Viewer());
        return true;
    }

    @Override
    public void onMessage(Session<WebSocketMessage> session, WebSocketMessage message) {
        if (message instanceof WebSocketMessage.Text text) {
            final Viewer viewer = session.get(VIEWER).orElseThrow();
            viewer.query = Optional.of(ViewQuery.parse(text.text(), watch.size()));
            show(session, viewer);
        }
    }

    @Override
    public void onCron(Session<WebSocketMessage> session) {
        show(session, session.get(VIEWER).orElseThrow());
    }

    private void show(Session<WebSocketMessage> session, Viewer viewer) {
        if (session.pendingBytes() > 0 || !viewer.looking.compareAndSet(false, true)) {
            return;
        }
        final Optional<ViewQuery> asked = viewer.query;
        final CompletableFuture<Void> unused = watch.look(asked).handle((json, failure) -> {
            viewer.looking.set(false);
            if (failure != null) {
                session.abort();
                return null;
            }
            try {
                session.send(WebSocketMessage.text(json));
            } catch (SendFailedException _) {
                // It is gone, or will ask again.
            }
            if (!viewer.query.equals(asked)) {
                show(session, viewer);
            }
            return null;
        });
    }

    @Override
    public void onError(Session<WebSocketMessage> session, Throwable error) {
        // A query that is none, or a page that was shut: the close is all that anybody needs to know.
    }

    @Override
    public void onClose(Session<WebSocketMessage> session, CloseCause cause) {
        if (session.remove(VIEWER).isPresent()) {
            viewers.decrementAndGet();
        }
    }
}
