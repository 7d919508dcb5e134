// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

/**
 * Answers requests. One handler serves all connections of a server, many at once.
 *
 * <p><b>Thread:</b> by default a virtual thread, one for each connection that is busy, so it may block. Of a server that was built with
 * {@link HttpServer.Builder#inLoop()} it is the loop's, which it must not block.
 *
 * <p><b>Order:</b> the requests of one connection come one after the other: the next one when the last is answered.
 *
 * <p><b>Lifetime:</b> request, response and what they give out belong to the handler until it returns, or with {@link Response#defer()} until the
 * response has ended; they are used again after that. What is kept longer is copied: {@link Headers#copy()}, strings.
 *
 * <p><b>What it leaves open:</b> a response that was not sent when it returns is sent then, with the status that was set and no body. Of a request body
 * that was not read a part is thrown away, {@link HttpLimits#drainBytes()}, so that the connection can be used again; a longer one ends it.
 *
 * <p><b>Failure:</b> an {@link HttpException} is answered with its status, anything else with 500 and a log line; where the response is committed, the
 * connection is reset instead, so that nobody takes a part for the whole.
 */
@FunctionalInterface
public interface HttpHandler {
    /** Answers {@code request} through {@code response}. */
    void handle(Request request, Response response) throws Exception;
}
