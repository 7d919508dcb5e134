// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Gives each request to the handler whose pattern matches it best; the patterns are those of Go 1.22.
 *
 * <pre>{@code
 * ServeMux.builder()
 *         .handle("GET /items/{id}", (request, response) -> response.send(request.pathValue("id").orElseThrow()))
 *         .handle("POST /items/{$}", create)
 *         .handle("/static/", files)
 *         .handle("static.example.com/{path...}", files)
 *         .build()
 * }</pre>
 *
 * <p><b>A pattern</b> is {@code [METHOD ][HOST]/[PATH]}; what it leaves out it does not care about. {@code GET} stands for {@code HEAD}, too. A path
 * that ends in a slash stands for all paths that begin with it; <code>{$}</code> at the end takes that back. {@code {name}} is one whole segment, and
 * {@code {name...}} at the end all that remains; {@link Request#pathValue} tells what they were. Segments are compared decoded, so {@code /a%2Fb/c}
 * has two, and {@code a/b} is the first.
 *
 * <p><b>The most specific pattern wins</b>, whatever the order of registration: the one that matches a subset of what the other matches. One with a
 * host comes before one without. Two patterns that overlap so that neither is more specific <em>conflict</em>, which fails when the second
 * is registered.
 *
 * <p><b>Answers of its own:</b> a path with an empty, {@code .} or {@code ..} segment is redirected to the clean one, and one that lacks only the
 * slash of a pattern's end to that with the slash, with the query; 301 to GET and HEAD, else 308, so that method and body stay. Where only other methods match,
 * 405 with {@code Allow}; where nothing matches, 404. {@code *} and {@code CONNECT host:port} name no path: 400.
 *
 * <p>Hosts are compared without port and case. <b>Thread:</b> immutable; any. Nothing is allocated to find a literal path.
 */
public final class ServeMux implements HttpHandler {
    /** By host, in small letters; the one for any host is {@link #anyHost}. */
    private final Map<String, Methods> hosts;

    private final Methods anyHost;

    private ServeMux(Iterable<Route> routes) {
        this.hosts = new HashMap<>();
        this.anyHost = new Methods();
        for (Route route : routes) {
            final String host = route.pattern().host();
            final Methods methods = host.isEmpty() ? anyHost : hosts.computeIfAbsent(host, _ -> new Methods());
            methods.root(route.pattern().method()).add(route);
        }
    }

    /** A mux without patterns yet. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public void handle(Request request, Response response) throws Exception {
        final String raw = request.rawPath();
        if (raw.isEmpty() || raw.charAt(0) != '/') {
            response.status(400).send();
            return;
        }
        final String method = request.method();
        final boolean clean = PathCleaner.isClean(raw);
        final String path = clean ? raw : PathCleaner.clean(raw);
        final Methods own = hosts.isEmpty() ? null : hosts.get(hostOf(request.host()));
        final Route route = match(own, method, path, false);
        final boolean endsInSlash = path.endsWith("/");
        if (!endsInSlash && (route == null || !route.isExact(false, 0))) {
            final Route below = match(own, method, path, true);
            if (below != null && below.isExact(true, slashes(path) + 1)) {
                redirect(request, response, path + "/");
                return;
            }
        }
        if (!clean) {
            redirect(request, response, path);
        } else if (route == null) {
            refuse(own, path, response);
        } else {
            for (String name : route.names()) {
                request.setPathValue(name, route.value(path, name));
            }
            route.handler().handle(request, response);
        }
    }

    private @Nullable Route match(@Nullable Methods own, String method, String path, boolean slash) {
        final Route found = own == null ? null : own.match(method, path, slash);
        return found == null ? anyHost.match(method, path, slash) : found;
    }

    private static int slashes(String path) {
        int count = 0;
        for (int at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
            count++;
        }
        return count;
    }

    /** The host without port and brackets, in small letters. */
    private static String hostOf(String authority) {
        final int bracket = authority.lastIndexOf(']');
        final int colon = authority.lastIndexOf(':');
        return Pattern.canonicalHost(colon > bracket ? authority.substring(0, colon) : authority);
    }

    /**
     * {@code path} begins with a slash and not with two, and what browsers take for a slash is escaped: so it leads to no other host.
     */
    private static void redirect(Request request, Response response, String path) {
        final String location =
                request.query().map(query -> path + "?" + query).orElse(path).replace("\\", "%5C");
        final boolean safe = request.method().equals("GET") || request.method().equals("HEAD");
        response.status(safe ? 301 : 308).header("Location", location).send();
    }

    private void refuse(@Nullable Methods own, String path, Response response) {
        final SortedSet<String> allowed = new TreeSet<>();
        if (own != null) {
            own.addMatching(path, allowed);
        }
        anyHost.addMatching(path, allowed);
        if (allowed.contains("GET")) {
            allowed.add("HEAD");
        }
        if (allowed.isEmpty()) {
            response.status(404).send("404 Not Found\n");
        } else {
            response.status(405).header("Allow", String.join(", ", allowed)).send("405 Method Not Allowed\n");
        }
    }

    /** The trees of one host, by method. */
    private static final class Methods {
        private final List<String> names = new ArrayList<>();
        private final List<RouteNode> roots = new ArrayList<>();
        private final RouteNode any = new RouteNode();

        RouteNode root(String method) {
            if (method.isEmpty()) {
                return any;
            }
            final int index = names.indexOf(method);
            if (index >= 0) {
                return roots.get(index);
            }
            names.add(method);
            roots.add(new RouteNode());
            return roots.getLast();
        }

        @Nullable
        Route match(String method, String path, boolean slash) {
            Route found = matchNamed(method, path, slash);
            if (found == null && method.equals("HEAD")) {
                found = matchNamed("GET", path, slash);
            }
            return found == null ? any.match(path, 0, slash) : found;
        }

        private @Nullable Route matchNamed(String method, String path, boolean slash) {
            final int index = names.indexOf(method);
            return index < 0 ? null : roots.get(index).match(path, 0, slash);
        }

        /** Adds the methods with which the path, or the one with a slash behind it, would have been served. */
        void addMatching(String path, SortedSet<String> methods) {
            for (int i = 0; i < names.size(); i++) {
                final RouteNode root = roots.get(i);
                if (root.match(path, 0, false) != null || root.match(path, 0, true) != null) {
                    methods.add(names.get(i));
                }
            }
        }
    }

    /** Collects patterns. <b>Thread:</b> one at a time. */
    public static final class Builder {
        private final List<Route> routes = new ArrayList<>();

        private Builder() {}

        /**
         * Has {@code handler} answer what {@code pattern} matches.
         *
         * @throws IllegalArgumentException if it is not a pattern, or conflicts with one that is there; the message says why, of a conflict
         *     with a request that both match
         */
        public Builder handle(String pattern, HttpHandler handler) {
            final Pattern parsed = Pattern.parse(pattern);
            for (Route route : routes) {
                if (parsed.conflictsWith(route.pattern())) {
                    throw new IllegalArgumentException(parsed.describeConflict(route.pattern()));
                }
            }
            routes.add(new Route(parsed, handler));
            return this;
        }

        /** A mux with the patterns so far. */
        public ServeMux build() {
            return new ServeMux(routes);
        }
    }
}
