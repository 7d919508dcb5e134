// SPDX-License-Identifier: Apache-2.0
package io.hawser.console;

import io.hawser.connection.Address;
import io.hawser.connection.Engine;
import io.hawser.http.HttpHandler;
import io.hawser.http.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A page in the browser that shows running engines: loops, connections, memory, limits, what was closed and why. Nothing is served unless this is asked
 * to. Immutable; any thread.
 *
 * <pre>{@code
 * ConsoleServer console = Console.of(engine).start("http://127.0.0.1:7070");    // on a port of its own
 * mux.handle("/console/", Console.of(engine).handler());                        // or beside other pages
 * }</pre>
 *
 * <p><b>Who may look:</b> without a token whoever is on this machine, and everybody there; the console of another machine needs one. A page of somebody
 * else's can neither read it nor close anything: the names of hosts, origins and a header field are checked. What it serves is as open as the connection
 * is: with a token over a network use {@code https}, or a tunnel.
 */
public final class Console {
    private final List<Engine> engines;
    private final Optional<String> token;
    private final Set<String> hosts;

    private Console(List<Engine> engines, Optional<String> token, Set<String> hosts) {
        this.engines = engines;
        this.token = token;
        this.hosts = hosts;
    }

    /** Of these engines; the page has the first one open. */
    public static Console of(Engine first, Engine... others) {
        return of(Stream.concat(Stream.of(first), Stream.of(others)).toList());
    }

    /**
     * Of these engines; the page has the first one open.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static Console of(List<Engine> engines) {
        if (engines.isEmpty()) {
            throw new IllegalArgumentException("There must be an engine to look at");
        }
        return new Console(List.copyOf(engines), Optional.empty(), Set.of());
    }

    /**
     * As this, for those who have the token only: as a parameter of the page's address, {@code /?token=…}, which a cookie takes the place of, or in the
     * field {@code Authorization: Bearer …}.
     *
     * @param secret 8 to 200 letters, digits and characters of {@code ._~-}, which nobody can guess
     * @throws IllegalArgumentException if it is none
     */
    public Console withToken(String secret) {
        Access.requireToken(secret);
        return new Console(engines, Optional.of(secret), hosts);
    }

    /** As this, also under other names than those of this machine, as a proxy in front of it passes them on; without ports. */
    public Console withHosts(String... names) {
        final Set<String> all = new HashSet<>(hosts);
        for (String name : names) {
            all.add(name.toLowerCase(Locale.ROOT));
        }
        return new Console(engines, token, Set.copyOf(all));
    }

    /**
     * The page, to be mounted below a path that ends in a slash, on a server whose handlers run on virtual threads. One for the connections of one engine.
     */
    public HttpHandler handler() {
        return new ConsoleHandler(new Watch(engines), new Access(token, hosts));
    }

    /**
     * Serves the page on an engine of its own, with one loop: so it answers even where all loops of the others are held up.
     *
     * @param uri {@code http://127.0.0.1:7070}, say, or {@code unix:///path}; port 0 lets the system pick one
     * @throws IllegalArgumentException if it is none, or if it leads to other machines and there is no token
     * @throws IOException if the address is taken or forbidden, or the name is not known
     */
    public ConsoleServer start(String uri) throws IOException {
        if (token.isEmpty() && !isLoopback(uri)) {
            throw new IllegalArgumentException(
                    uri
                            + " can be reached from other machines, so the console needs a token there; or take http://127.0.0.1:0");
        }
        final Engine engine = Engine.builder()
                .name("hawser-console")
                .transport(engines.getFirst().transport())
                .loops(1)
                .start();
        boolean started = false;
        try {
            final HttpServer server =
                    HttpServer.builder(uri).engine(engine).handler(handler()).start();
            started = true;
            return new ConsoleServer(engine, server, token);
        } finally {
            if (!started) {
                engine.close();
            }
        }
    }

    private static boolean isLoopback(String uri) throws IOException {
        final int host = uri.indexOf("://");
        if (host < 0 || uri.startsWith("unix:")) {
            // Of a unix socket the file says who may connect; what is no address, the server refuses.
            return true;
        }
        for (SocketAddress address : Address.parse("tcp" + uri.substring(host)).resolve()) {
            if (!(address instanceof InetSocketAddress inet)
                    || !inet.getAddress().isLoopbackAddress()) {
                return false;
            }
        }
        return true;
    }
}
