// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.io.IOException;

/** The shortest way to a first server. What needs limits, several addresses or an engine of its own goes through {@link HttpServer#builder}. */
public final class Http {
    /** The name for ALPN of all that this module speaks (RFC 7301, 6). */
    static final String PROTOCOL = "http/1.1";

    private Http() {}

    /**
     * Serves, with an engine of its own that ends with the server; the handler runs on virtual threads. Any thread.
     *
     * <pre>{@code
     * Http.serve("http://0.0.0.0:8080", (request, response) -> response.send("Hello, World!")).join();
     * }</pre>
     *
     * @param address as of {@link HttpServer#builder}
     * @throws IllegalArgumentException if it is none
     * @throws java.net.BindException if it is taken, not of this machine, or forbidden
     * @throws IOException for any other failure
     */
    public static HttpServer serve(String address, HttpHandler handler) throws IOException {
        return HttpServer.builder(address).handler(handler).start();
    }
}
