// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.net.URI;
import java.util.Optional;

/** Where a redirection leads, and with what (RFC 9110, 15.4). Stateless. */
final class Redirects {
    /** What is for one origin only. */
    private static final String[] SECRETS = {"Authorization", "Proxy-Authorization", "Cookie", "Host"};

    private Redirects() {}

    /**
     * The request that follows a response; empty if there is none to follow: it is no redirection, its Location is no URI of HTTP, it leads from
     * https to http, or the body would have to be sent again and cannot be.
     */
    static Optional<ClientRequest> next(ClientRequest request, int status, Headers headers) {
        if (status != 301 && status != 302 && status != 303 && status != 307 && status != 308) {
            return Optional.empty();
        }
        final var locations = headers.all("Location");
        if (locations.size() != 1) {
            return Optional.empty();
        }
        final URI target;
        try {
            target = ClientRequest.checked(request.uri().resolve(locations.getFirst()));
        } catch (IllegalArgumentException _) {
            return Optional.empty();
        }
        final Origin from = Origin.of(request.uri());
        final Origin to = Origin.of(target);
        if (from.secure() && !to.secure()) {
            return Optional.empty();
        }
        final String method = request.method();
        final boolean becomesGet = (status == 303 && !method.equals("HEAD") && !method.equals("GET"))
                || ((status == 301 || status == 302) && method.equals("POST"));
        if (!becomesGet && !request.isRepeatable()) {
            return Optional.empty();
        }
        final ClientRequest next = becomesGet ? request.to(target, "GET") : request.to(target);
        if (!from.equals(to)) {
            for (String secret : SECRETS) {
                next.headers().remove(secret);
            }
        }
        return Optional.of(next);
    }
}
