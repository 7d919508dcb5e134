// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.connection.EngineFixture;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;

/** A server that says what a test has it say, over sockets of the JDK. */
final class ScriptedServer implements AutoCloseable {
    /** Serves one connection to its end. */
    @FunctionalInterface
    interface Script {
        void serve(Link link) throws IOException;
    }

    private final ServerSocket listening;
    private final Thread accepting;
    private final Queue<Thread> threads = new ConcurrentLinkedQueue<>();
    private final Queue<Socket> sockets = new ConcurrentLinkedQueue<>();
    private final List<String> heads = new CopyOnWriteArrayList<>();
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();

    ScriptedServer(Script script) throws IOException {
        listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        accepting = Thread.ofPlatform().daemon().name("scripted-server").start(() -> accept(script));
    }

    /** Answers each request of each connection with the same bytes. */
    static ScriptedServer answering(String response) throws IOException {
        return new ScriptedServer(link -> {
            while (true) {
                link.readHead();
                link.send(response);
            }
        });
    }

    private void accept(Script script) {
        int number = 0;
        try {
            while (true) {
                final Socket socket = listening.accept();
                sockets.add(socket);
                final Link link = new Link(socket, number++);
                threads.add(Thread.ofPlatform().daemon().name("scripted-link").start(() -> serve(script, link)));
            }
        } catch (IOException _) {
            // Closed.
        }
    }

    private void serve(Script script, Link link) {
        try {
            script.serve(link);
        } catch (IOException _) {
            // The client has gone.
        } catch (RuntimeException | AssertionError e) {
            failures.add(e);
        } finally {
            try {
                link.socket.close();
            } catch (IOException _) {
                // It is closed then.
            }
        }
    }

    String uri(String path) {
        return "http://127.0.0.1:" + listening.getLocalPort() + path;
    }

    int port() {
        return listening.getLocalPort();
    }

    /** Of all requests, in the order in which they came. */
    List<String> heads() {
        return heads;
    }

    int connections() {
        return sockets.size();
    }

    @Override
    public void close() throws IOException {
        listening.close();
        // It adds no more when it has ended.
        join(accepting);
        for (Socket socket : sockets) {
            socket.close();
        }
        // A socket that a thread reads from is closed by that thread, when it wakes up.
        for (Thread thread : threads) {
            join(thread);
        }
        if (!failures.isEmpty()) {
            throw new AssertionError("A script failed", failures.getFirst());
        }
    }

    private static void join(Thread thread) {
        try {
            if (!thread.join(EngineFixture.PATIENCE)) {
                throw new AssertionError(thread + " goes on");
            }
        } catch (InterruptedException e) {
            throw new AssertionError("Interrupted", e);
        }
    }

    final class Link {
        private final Socket socket;
        private final int number;

        Link(Socket socket, int number) {
            this.socket = socket;
            this.number = number;
        }

        /** 0 for the first connection. */
        int number() {
            return number;
        }

        /** Up to the empty line. */
        String readHead() throws IOException {
            final String head = readUntil("\r\n\r\n");
            heads.add(head);
            return head;
        }

        String readUntil(String end) throws IOException {
            final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            while (!bytes.toString(StandardCharsets.ISO_8859_1).endsWith(end)) {
                final int b = socket.getInputStream().read();
                if (b < 0) {
                    throw new EOFException();
                }
                bytes.write(b);
            }
            return bytes.toString(StandardCharsets.ISO_8859_1);
        }

        byte[] readBytes(int n) throws IOException {
            final byte[] bytes = socket.getInputStream().readNBytes(n);
            if (bytes.length < n) {
                throw new EOFException();
            }
            return bytes;
        }

        /** Waits for the client's end. */
        void awaitEnd() throws IOException {
            socket.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
        }

        Link send(String text) throws IOException {
            return send(text.getBytes(StandardCharsets.ISO_8859_1));
        }

        Link send(byte[] bytes) throws IOException {
            socket.getOutputStream().write(bytes);
            return this;
        }

        void reset() throws IOException {
            socket.setSoLinger(true, 0);
            socket.close();
        }
    }
}
