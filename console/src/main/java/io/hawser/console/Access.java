// SPDX-License-Identifier: Apache-2.0
package io.hawser.console;

import io.hawser.http.HttpException;
import io.hawser.http.Request;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Who may look. With a token: whoever has it. Without: whoever comes from this machine and calls it by a name of this machine; else a page of somebody
 * else's, whose name was made to lead here (DNS rebinding), could read along.
 */
final class Access {
    /** What a cookie and a header field can carry as it is. */
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9._~-]{8,200}");

    private static final String SCHEME = "Bearer ";

    private final Optional<String> token;
    private final Set<String> hosts;

    /** @param hosts names that are accepted besides those of this machine, in lower case */
    Access(Optional<String> token, Set<String> hosts) {
        this.token = token;
        this.hosts = hosts;
    }

    /** @throws IllegalArgumentException if it cannot be a token */
    static void requireToken(String token) {
        if (!TOKEN.matcher(token).matches()) {
            throw new IllegalArgumentException(
                    "A token has 8 to 200 letters, digits and characters of '._~-', and nothing else");
        }
    }

    /**
     * Lets the request through.
     *
     * @throws HttpException with 403 or 401
     */
    void check(Request request) {
        if (token.isEmpty() && !isLocal(request)) {
            throw new HttpException(403, "The console has no token, so it is for this machine only");
        }
        final String host = hostName(request.host());
        // With a token a page that was led here has no cookie; so only names that were asked for are insisted on.
        if ((token.isEmpty() || !hosts.isEmpty()) && !isLoopbackName(host) && !hosts.contains(host)) {
            throw new HttpException(403, "The console is not called " + host);
        }
        if (token.isPresent() && !isToken(bearer(request)) && !isToken(cookie(request))) {
            throw new HttpException(
                    401, "The console wants its token: open it as ./?token=…, or send Authorization: Bearer …");
        }
    }

    /**
     * Refuses what pages of others have the browser send.
     *
     * @throws HttpException with 403
     */
    void checkOrigin(Request request) {
        final Optional<String> origin = request.headers().first("Origin");
        final String own = request.scheme() + "://" + request.host().toLowerCase(Locale.ROOT);
        if (origin.isPresent() && !origin.get().toLowerCase(Locale.ROOT).equals(own)) {
            throw new HttpException(403, "The console is for its own page");
        }
    }

    private static boolean isLocal(Request request) {
        return request.remoteAddress()
                .map(peer -> !(peer instanceof InetSocketAddress inet)
                        || inet.getAddress().isLoopbackAddress())
                .orElse(true);
    }

    private static boolean isLoopbackName(String host) {
        return host.isEmpty() || host.equals("localhost") || isLoopbackLiteral(host);
    }

    private static boolean isLoopbackLiteral(String host) {
        try {
            return InetAddress.ofLiteral(host).isLoopbackAddress();
        } catch (IllegalArgumentException _) {
            return false;
        }
    }

    /** Of {@code host}, {@code host:port}, {@code [::1]:port}. */
    static String hostName(String host) {
        final int bracket = host.indexOf(']');
        if (host.startsWith("[") && bracket > 0) {
            return host.substring(1, bracket).toLowerCase(Locale.ROOT);
        }
        final int colon = host.lastIndexOf(':');
        return (colon < 0 ? host : host.substring(0, colon)).toLowerCase(Locale.ROOT);
    }

    // ---- the token

    /** Whether there is one. */
    boolean hasToken() {
        return token.isPresent();
    }

    /** Whether {@code given} is it; how long that takes says nothing about it. */
    boolean isToken(Optional<String> given) {
        return token.isPresent()
                && given.isPresent()
                && MessageDigest.isEqual(digest(given.get()), digest(token.get()));
    }

    private static byte[] digest(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("Every Java platform has SHA-256", e);
        }
    }

    private static Optional<String> bearer(Request request) {
        return request.headers()
                .first("Authorization")
                .filter(value -> value.regionMatches(true, 0, SCHEME, 0, SCHEME.length()))
                .map(value -> value.substring(SCHEME.length()).strip());
    }

    private static Optional<String> cookie(Request request) {
        final String wanted = cookieName(request) + "=";
        return request.headers().all("Cookie").stream()
                .flatMap(line -> Pattern.compile(";").splitAsStream(line))
                .map(String::strip)
                .filter(pair -> pair.startsWith(wanted))
                .map(pair -> pair.substring(wanted.length()))
                .findFirst();
    }

    /** Cookies are not kept apart by ports, so the name does it. */
    private static String cookieName(Request request) {
        final String host = request.host();
        final String port = host.substring(host.lastIndexOf(':') + 1);
        return "hawser-console" + (!port.isEmpty() && port.chars().allMatch(Character::isDigit) ? "-" + port : "");
    }

    /** What has a browser keep the token. */
    String setCookie(Request request) {
        final String path = request.rawPath().substring(0, request.rawPath().lastIndexOf('/') + 1);
        return cookieName(request) + "=" + token.orElseThrow() + "; Path=" + path + "; HttpOnly; SameSite=Strict"
                + (request.isSecure() ? "; Secure" : "");
    }
}
