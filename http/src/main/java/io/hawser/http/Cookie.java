// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A cookie (RFC 6265). Immutable; what would break out of its field is refused.
 *
 * @param name a token
 * @param value of visible ASCII characters but comma, semicolon, backslash and quotes; other things are encoded first, by Base64 say
 * @param path for which paths; empty for that of the request
 * @param domain also for hosts below this one; empty for the host of the request alone
 * @param maxAge how long; empty for as long as the browser runs, zero or less to delete it
 * @param secure only over https
 * @param httpOnly not for scripts
 * @param sameSite {@code Strict}, {@code Lax} or {@code None}, or empty for what the browser does
 */
public record Cookie(
        String name,
        String value,
        String path,
        String domain,
        Optional<Duration> maxAge,
        boolean secure,
        boolean httpOnly,
        String sameSite) {
    private static final int MOST_COOKIES = 200;

    /**
     * Checks all parts.
     *
     * @throws IllegalArgumentException if one has what it may not have
     */
    public Cookie {
        if (name.isEmpty() || !Chars.areAll(name, Chars.TOKEN)) {
            throw new IllegalArgumentException("No name of a cookie: " + Quoted.of(name));
        }
        if (!isValue(value)) {
            throw new IllegalArgumentException("No value of the cookie " + name + ": " + Quoted.of(value));
        }
        if (!isAttribute(path) || !isAttribute(domain)) {
            throw new IllegalArgumentException(
                    "No attribute of a cookie: " + Quoted.of(path) + ", " + Quoted.of(domain));
        }
        if (!List.of("", "Strict", "Lax", "None").contains(sameSite)) {
            throw new IllegalArgumentException("SameSite is Strict, Lax or None: " + Quoted.of(sameSite));
        }
        if (name.startsWith("__Secure-") && !secure) {
            throw new IllegalArgumentException("A cookie of the prefix __Secure- is secure: " + name);
        }
        if (name.startsWith("__Host-") && (!secure || !path.equals("/") || !domain.isEmpty())) {
            throw new IllegalArgumentException(
                    "A cookie of the prefix __Host- is secure, for / and without a domain: " + name);
        }
        if (sameSite.equals("None") && !secure) {
            throw new IllegalArgumentException("A cookie with SameSite=None is secure: " + name);
        }
    }

    /** A cookie for the session, for all paths of the host, hidden from scripts, {@code SameSite=Lax}. */
    public static Cookie of(String name, String value) {
        return new Cookie(name, value, "/", "", Optional.empty(), false, true, "Lax");
    }

    /** As this, for so long. */
    public Cookie withMaxAge(Duration age) {
        return new Cookie(name, value, path, domain, Optional.of(age), secure, httpOnly, sameSite);
    }

    /** As this, for paths below {@code newPath}. */
    public Cookie withPath(String newPath) {
        return new Cookie(name, value, newPath, domain, maxAge, secure, httpOnly, sameSite);
    }

    /** As this, only over https, or not. */
    public Cookie withSecure(boolean on) {
        return new Cookie(name, value, path, domain, maxAge, on, httpOnly, sameSite);
    }

    private static boolean isValue(String text) {
        return text.chars().allMatch(c -> c > ' ' && c < 0x7f && c != '"' && c != ',' && c != ';' && c != '\\');
    }

    private static boolean isAttribute(String text) {
        return text.chars().allMatch(c -> c >= ' ' && c < 0x7f && c != ';');
    }

    /** Adds it to the fields of a response. */
    public void addTo(Headers headers) {
        headers.add("Set-Cookie", toString());
    }

    /**
     * The cookies that came with a request, in their order; what is none is left out, and so is what comes behind the first 200. Only names and values are sent.
     */
    public static List<Cookie> of(Request request) {
        final List<Cookie> cookies = new ArrayList<>();
        for (String field : request.headers().all("Cookie")) {
            for (String pair : field.split(";", MOST_COOKIES + 1)) {
                final int equals = pair.indexOf('=');
                if (equals < 0 || cookies.size() == MOST_COOKIES) {
                    continue;
                }
                final String name = pair.substring(0, equals).strip();
                String value = pair.substring(equals + 1).strip();
                if (value.length() > 1 && value.startsWith("\"") && value.endsWith("\"")) {
                    value = value.substring(1, value.length() - 1);
                }
                if (!name.isEmpty() && Chars.areAll(name, Chars.TOKEN) && isValue(value)) {
                    cookies.add(received(name, value));
                }
            }
        }
        return cookies;
    }

    /** Its attributes are not known; those here make it valid whatever its name's prefix. */
    private static Cookie received(String name, String value) {
        return new Cookie(name, value, "/", "", Optional.empty(), true, false, "");
    }

    /** The value of the first cookie of that name which came with a request. */
    public static Optional<String> value(Request request, String name) {
        return of(request).stream()
                .filter(cookie -> cookie.name.equals(name))
                .map(Cookie::value)
                .findFirst();
    }

    /** As in a {@code Set-Cookie} field. */
    @Override
    public String toString() {
        final StringBuilder text = new StringBuilder().append(name).append('=').append(value);
        if (!path.isEmpty()) {
            text.append("; Path=").append(path);
        }
        if (!domain.isEmpty()) {
            text.append("; Domain=").append(domain);
        }
        maxAge.ifPresent(age -> text.append("; Max-Age=").append(Math.max(0, age.toSeconds())));
        if (secure) {
            text.append("; Secure");
        }
        if (httpOnly) {
            text.append("; HttpOnly");
        }
        if (!sameSite.isEmpty()) {
            text.append("; SameSite=").append(sameSite);
        }
        return text.toString();
    }
}
