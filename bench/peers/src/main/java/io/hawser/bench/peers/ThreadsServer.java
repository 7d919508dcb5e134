// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** The JDK's blocking sockets: a thread for each connection. */
final class ThreadsServer implements PeerServer {
    private static final long RETRY_NS = TimeUnit.MILLISECONDS.toNanos(10);

    private final ServerSocket server;
    private final Settings settings;
    private final ThreadFactory threads;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final Thread acceptor = new Thread(this::accept, "acceptor");

    private ThreadsServer(ServerSocket server, Settings settings) {
        this.server = server;
        this.settings = settings;
        this.threads = settings.platformThreads()
                ? Thread.ofPlatform().daemon().factory()
                : Thread.ofVirtual().factory();
    }

    static ThreadsServer start(Settings settings) throws IOException {
        final ServerSocket socket = new ServerSocket();
        try {
            socket.setReuseAddress(true);
            socket.bind(Settings.anyPort(), Settings.BACKLOG);
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
        final ThreadsServer server = new ThreadsServer(socket, settings);
        server.acceptor.start();
        return server;
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                final Socket socket = server.accept();
                sockets.add(socket);
                threads.newThread(() -> serve(socket)).start();
            } catch (IOException _) {
                // Closed; or one that was gone already, or no descriptor: then it tries again.
                LockSupport.parkNanos(RETRY_NS);
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            if (settings.mode() == Mode.FRAMED) {
                ThreadsEcho.frames(socket);
            } else {
                ThreadsEcho.bytes(socket);
            }
        } catch (IOException _) {
            // A reset, or the server is closed; the peer sees the end of its connection.
        } finally {
            sockets.remove(socket);
        }
    }

    @Override
    public InetSocketAddress address() {
        return (InetSocketAddress) server.getLocalSocketAddress();
    }

    @Override
    public void close() {
        try {
            server.close();
            acceptor.join();
            for (Socket socket : sockets) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
