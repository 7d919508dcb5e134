// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport;

import io.hawser.buffer.Block;
import io.hawser.buffer.BlockCache;
import io.hawser.buffer.BlockPool;
import io.hawser.buffer.Buffer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * One real exchange over loopback: listen, connect, send, receive, close. What a kernel says it has and what it lets a process use
 * are two things (seccomp, limits on locked memory, old kernels), so a transport is believed when it has worked once.
 */
final class Probe {
    private static final long MEMORY_BYTES = 4 << 20;
    private static final long TIMEOUT_NS = 2_000_000_000L;
    private static final long WAIT_NS = 100_000_000L;
    private static final int QUESTION = 0x48415753;

    private final Transport transport;
    private final BlockCache blocks;
    private @Nullable StreamSocket served;
    private @Nullable IOException failure;
    private boolean connected;
    private boolean answered;
    private int open;

    private Probe(Transport transport, BlockCache blocks) {
        this.transport = transport;
        this.blocks = blocks;
    }

    /**
     * Returns if the transport works.
     *
     * @throws IOException with the reason if it does not
     */
    static void exchange(TransportProvider provider) throws IOException {
        try (BlockPool pool = new BlockPool(MEMORY_BYTES);
                BlockCache blocks = pool.newCache()) {
            blocks.bind();
            try (Transport transport = provider.open(new TransportConfig(blocks, 1024, true, 8, 16))) {
                new Probe(transport, blocks).run();
            }
        }
    }

    private void run() throws IOException {
        final var loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        final ListenSocket listener = transport.listen(loopback, SocketOptions.DEFAULT, new Accepts());
        try (Buffer question = new Buffer(blocks)) {
            question.writeInt(QUESTION);
            listener.accept(true);
            final StreamSocket client = transport.connect(listener.localAddress(), SocketOptions.DEFAULT, new Client());
            open++;
            final long deadlineNs = System.nanoTime() + TIMEOUT_NS;
            boolean sent = false;
            while (!answered && failure == null && System.nanoTime() - deadlineNs < 0) {
                if (connected && !sent) {
                    sent = true;
                    client.receive(true);
                    client.send(question);
                }
                transport.await(WAIT_NS);
                transport.dispatch();
            }
            client.close();
            if (served != null) {
                served.close();
            }
            while (open > 0 && System.nanoTime() - deadlineNs < 0) {
                transport.await(WAIT_NS);
                transport.dispatch();
            }
        } finally {
            listener.close();
        }
        if (failure != null) {
            throw failure;
        }
        if (!answered) {
            throw new IOException("no answer over loopback within " + TIMEOUT_NS / 1_000_000_000L + " s");
        }
    }

    private final class Accepts implements AcceptSink {
        @Override
        public void accepted(AcceptedSocket socket) {
            try {
                final Served sink = new Served();
                served = transport.attach(socket, SocketOptions.DEFAULT, sink);
                open++;
                served.receive(true);
            } catch (IOException e) {
                failure = e;
            }
        }

        @Override
        public void exhausted(IOException cause) {
            failure = cause;
        }
    }

    private abstract class Sink implements StreamSink {
        @Override
        public void connected() {
            connected = true;
        }

        @Override
        public void inputEnded() {
            // Nobody closes before the exchange is over.
        }

        @Override
        public void sent(long bytes) {
            // Four bytes go at once.
        }

        @Override
        public void failed(IOException cause) {
            failure = cause;
        }

        @Override
        public void closed() {
            open--;
        }

        @Override
        public void detached(AcceptedSocket socket) {
            // Nobody detaches here.
            socket.close();
            open--;
        }
    }

    private final class Client extends Sink {
        @Override
        public void received(Block block) {
            answered = true;
            block.release();
        }
    }

    private final class Served extends Sink {
        private final Buffer echo = new Buffer(blocks);

        @Override
        public void received(Block block) {
            echo.appendBlock(block);
            try {
                if (served != null) {
                    served.send(echo);
                }
            } catch (IOException e) {
                failure = e;
            }
        }

        @Override
        public void closed() {
            echo.close();
            super.closed();
        }
    }
}
