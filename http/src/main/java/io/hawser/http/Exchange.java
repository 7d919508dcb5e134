// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.connection.ConnectionClosedException;
import io.hawser.connection.WriteTimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * What is needed to serve requests, one after the other: a connection has one from the first byte of a request to the last of its answer, and it is used
 * for other connections then, so that idle ones hold none. What handlers have in their hands is made anew for each connection: who keeps it too long has
 * nothing of another peer's.
 *
 * <p><b>Thread:</b> the connection's.
 */
final class Exchange {
    private static final System.Logger LOGGER = System.getLogger("io.hawser.http");

    private final RequestHead head;
    private final BodyReader body;
    private final HeadWriter out = new HeadWriter();
    /** Keeps the room that the fields of responses need. */
    private final Headers room = new Headers();

    private @Nullable ServerRequest request;
    private @Nullable ServerResponse response;
    private @Nullable HttpConnection connection;

    Exchange(HttpLimits limits) {
        this.head = new RequestHead(limits);
        this.body = new BodyReader(limits);
    }

    /** A part of an exchange, for whoever may have kept what belongs to it for too long. */
    static <T> T requireLive(@Nullable T part) {
        if (part == null) {
            throw new IllegalStateException("The request is over; what is kept of it for longer is to be copied");
        }
        return part;
    }

    RequestHead head() {
        return head;
    }

    BodyReader body() {
        return body;
    }

    Headers room() {
        return room;
    }

    HeadWriter out() {
        return out;
    }

    ServerRequest request() {
        return requireLive(request);
    }

    ServerResponse response() {
        return requireLive(response);
    }

    HttpConnection connection() {
        return requireLive(connection);
    }

    void attach(HttpConnection to) {
        connection = to;
        request = new ServerRequest(this);
        response = new ServerResponse(this);
    }

    /** The connection needs it no longer. */
    void detach() {
        request().over();
        response().over();
        head.renewHeaders();
        head.forget();
        out.clear();
        connection = null;
        request = null;
        response = null;
    }

    /** A head has been read. */
    void begin() {
        request().begin();
        response().begin();
    }

    /** Calls the handler, and answers in its stead if it fails. What it throws when the connection has ended is thrown on. */
    void handle(HttpHandler handler) {
        try {
            handler.handle(request(), response());
        } catch (ConnectionClosedException | WriteTimeoutException e) {
            throw e;
        } catch (HttpException e) {
            fail(e.status());
        } catch (Throwable t) {
            if (t.getCause() instanceof ConnectionClosedException gone) {
                // What a peer can cause at will is no news.
                throw gone;
            }
            LOGGER.log(
                    System.Logger.Level.WARNING,
                    "The handler failed for a request of " + connection().connection(),
                    t);
            fail(500);
        }
    }

    /** Answers with an error, or resets the connection if an answer has begun. */
    void fail(int status) {
        final ServerResponse answer = response();
        if (answer.isUpgraded()) {
            connection().abort();
        } else if (!answer.isCommitted()) {
            answer.fail(status);
        } else if (!answer.isEnded()) {
            connection().abort();
        }
    }
}
