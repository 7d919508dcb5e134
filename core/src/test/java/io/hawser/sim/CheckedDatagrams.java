// SPDX-License-Identifier: Apache-2.0
package io.hawser.sim;

import io.hawser.buffer.Slice;
import io.hawser.connection.CloseCause;
import io.hawser.connection.Datagram;
import io.hawser.connection.DatagramEndpoint;
import io.hawser.connection.DatagramHandler;
import io.hawser.connection.DatagramStats;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;

/** Checks what endpoints promise to handlers of datagrams, around what a kind of handler does. */
final class CheckedDatagrams implements DatagramHandler {
    static final int DEAF = -1;

    private final DatagramPlay play;
    private final int kind;
    private final IdentityHashMap<DatagramEndpoint, Socket> sockets = new IdentityHashMap<>();

    CheckedDatagrams(DatagramPlay play, int kind) {
        this.play = play;
        this.kind = kind;
    }

    /** One endpoint, and its books. */
    final class Socket {
        private final DatagramEndpoint endpoint;
        private final String name;
        private boolean closed;
        private boolean inCallback;
        /** Something was refused, and nobody has said since that there is room. */
        private boolean waiting;

        /** What outlives its datagram. */
        private final Set<Slice> kept = new HashSet<>();

        private long accepted;
        private long refused;
        private long received;
        private long receivedBytes;
        private long truncated;

        Socket(DatagramEndpoint endpoint) {
            this.endpoint = endpoint;
            this.name = endpoint.toString();
        }

        DatagramEndpoint endpoint() {
            return endpoint;
        }

        boolean isClosed() {
            return closed;
        }

        boolean belongsTo(CheckedDatagrams handler) {
            return CheckedDatagrams.this == handler;
        }

        /** Books a send. */
        void sending(BooleanSupplier send) {
            final boolean open = endpoint.isOpen();
            if (send.getAsBoolean()) {
                accepted++;
                check(open, "a closed endpoint has sent");
            } else if (open) {
                refused++;
                waiting = true;
            }
        }

        private void check(boolean holds, String rule) {
            play.ledger().check(holds, name, rule);
        }

        private void enter(String callback) {
            play.scenario().trace(name, callback);
            check(endpoint.loop().inLoop(), callback + " on a foreign thread");
            check(!closed, callback + " after onClose");
            check(!inCallback, callback + " within another callback");
            inCallback = true;
        }

        private void leave() {
            inCallback = false;
        }

        void checkSettled() {
            check(!waiting || closed, "was refused, and never told that there is room");
        }

        void checkEnded() {
            check(closed, "was never closed");
            final DatagramStats stats = endpoint.stats().join();
            check(stats.received() == received, received + " received, counted were " + stats);
            check(stats.receivedBytes() == receivedBytes, receivedBytes + " bytes received, counted were " + stats);
            check(stats.truncated() == truncated, truncated + " truncated, counted were " + stats);
            check(stats.sent() + stats.failed() == accepted, accepted + " accepted, counted were " + stats);
            check(stats.refused() == refused, refused + " refused, counted were " + stats);
        }
    }

    private Socket socket(DatagramEndpoint endpoint, String callback) {
        final Socket socket = sockets.get(endpoint);
        if (socket == null) {
            play.ledger().fail(endpoint.toString(), callback + " before onOpen");
            throw new IllegalStateException();
        }
        return socket;
    }

    @Override
    public void onOpen(DatagramEndpoint endpoint) {
        final Socket socket = new Socket(endpoint);
        play.ledger().check(sockets.put(endpoint, socket) == null, socket.name, "a second onOpen");
        play.opened(socket);
        socket.enter("onOpen");
        socket.leave();
    }

    @Override
    public void onDatagram(DatagramEndpoint endpoint, Datagram datagram) {
        final Socket socket = socket(endpoint, "onDatagram");
        socket.enter("onDatagram");
        try {
            book(socket, datagram);
            act(socket, datagram);
        } finally {
            socket.leave();
        }
    }

    private void book(Socket socket, Datagram datagram) {
        final int length = datagram.length();
        socket.received++;
        socket.receivedBytes += length;
        socket.truncated += datagram.truncated() ? 1 : 0;
        socket.check(datagram.reader().readableBytes() == length, "another length than the reader has");
        if (length >= StreamBytes.KEY_BYTES) {
            final long key = datagram.reader().getLong(0);
            play.received(socket.name, key, length, socket.endpoint.options().maxDatagramBytes(), datagram.truncated());
            socket.check(StreamBytes.firstWrong(datagram.reader(), 0, length, key, 0) < 0, "received wrong bytes");
        } else {
            socket.check(length == 0 || datagram.truncated(), "received " + length + " bytes, which nobody sent whole");
        }
    }

    private void act(Socket socket, Datagram datagram) {
        switch (kind) {
            case DEAF -> datagram.reader().skip(datagram.length());
            case 0, 1 -> echo(socket, datagram);
            case 2 -> {
                for (int i = play.random().skewed(0, 5); i > 0; i--) {
                    final byte[] payload = play.make();
                    socket.sending(() -> datagram.reply(payload));
                }
            }
            case 3 -> keep(socket, datagram);
            case 4 -> {
                echo(socket, datagram);
                if (play.random().chance(0.2)) {
                    throw new Behaviours.Thrown();
                }
            }
            case 5 -> pause(socket);
            default -> {
                echo(socket, datagram);
                if (play.random().chance(0.02)) {
                    socket.endpoint.close();
                }
            }
        }
    }

    private void echo(Socket socket, Datagram datagram) {
        if (datagram.length() >= StreamBytes.KEY_BYTES) {
            play.repeats(datagram.reader().getLong(0), datagram.truncated());
        }
        socket.sending(() -> datagram.reply(datagram.reader()));
    }

    /** A slice outlives the callback. */
    private void keep(Socket socket, Datagram datagram) {
        final int length = datagram.length();
        final boolean keyed = length >= StreamBytes.KEY_BYTES;
        final long key = keyed ? datagram.reader().getLong(0) : 0;
        final Slice slice = datagram.reader().slice(length);
        socket.kept.add(slice);
        play.scenario().later(socket.endpoint.loop(), () -> {
            if (socket.kept.remove(slice)) {
                socket.check(
                        !keyed || StreamBytes.firstWrong(slice, 0, length, key, 0) < 0,
                        "a slice has other bytes than the datagram");
                slice.close();
            }
        });
    }

    private void pause(Socket socket) {
        socket.endpoint.pause();
        play.scenario().later(socket.endpoint.loop(), socket.endpoint::resume);
    }

    @Override
    public void onWritable(DatagramEndpoint endpoint) {
        final Socket socket = socket(endpoint, "onWritable");
        socket.enter("onWritable");
        socket.check(socket.waiting, "onWritable, and nothing had been refused");
        socket.waiting = false;
        socket.leave();
    }

    @Override
    public void onError(DatagramEndpoint endpoint, Throwable error) {
        final Socket socket = socket(endpoint, "onError");
        socket.check(!socket.closed, "onError after onClose");
        socket.check(
                error instanceof Behaviours.Thrown
                        || error instanceof RejectedExecutionException
                        || error instanceof java.io.IOException,
                "an unexpected error: " + error);
    }

    @Override
    public void onClose(DatagramEndpoint endpoint, CloseCause cause) {
        final Socket socket = socket(endpoint, "onClose");
        socket.enter("onClose");
        socket.closed = true;
        // Their timers may never come.
        socket.kept.forEach(Slice::close);
        socket.kept.clear();
    }
}
