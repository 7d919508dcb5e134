// SPDX-License-Identifier: Apache-2.0
package io.hawser.sim;

import io.hawser.buffer.BufferFullException;
import io.hawser.buffer.Slice;
import io.hawser.connection.ConnectionClosedException;
import io.hawser.transport.sim.SimRandom;
import java.util.concurrent.RejectedExecutionException;

/** What servers and clients of scenarios do. */
final class Behaviours {
    private Behaviours() {}

    /** A failure that a handler meant. */
    static final class Thrown extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Thrown() {
            // The stack says nothing, and costs much.
            super("on purpose", null, false, false);
        }
    }

    /** Sends back what comes, all at once. */
    static final class Echo extends Behaviour {
        @Override
        void data(Tracked tracked) {
            tracked.passOn(tracked, Long.MAX_VALUE);
        }
    }

    /** Sends back as much as there is room for, and holds its peer back meanwhile. */
    static final class PatientEcho extends Behaviour {
        private final Scenario scenario;
        private final long atOnce;
        private boolean waiting;

        PatientEcho(Scenario scenario) {
            this.scenario = scenario;
            this.atOnce = scenario.random().skewed(100, 20_000);
        }

        @Override
        void data(Tracked tracked) {
            final long bound = scenario.limits().outboundBytes();
            tracked.passOn(tracked, Math.min(atOnce, bound - tracked.connection.pendingBytes()));
            if (tracked.isReadable() && tracked.unread() > 0 && !waiting) {
                waiting = true;
                tracked.pause();
                scenario.later(tracked, 5_000_000, () -> goOn(tracked));
            }
        }

        private void goOn(Tracked tracked) {
            waiting = false;
            if (!tracked.closed) {
                tracked.resume();
                tracked.inspect();
                try {
                    data(tracked);
                } catch (ConnectionClosedException _) {
                    // The engine is shutting down, and nothing can be sent back any more.
                    tracked.discard(Long.MAX_VALUE);
                }
            }
        }

        @Override
        void end(Tracked tracked) {
            // What was not sent back yet goes before the end, and if there is no room, not at all.
            tracked.passOn(tracked, scenario.limits().outboundBytes() - tracked.connection.pendingBytes());
            tracked.close();
        }
    }

    /** Reads until the end, answers, and closes. */
    static final class AnswerAtTheEnd extends Behaviour {
        private final Scenario scenario;

        AnswerAtTheEnd(Scenario scenario) {
            this.scenario = scenario;
        }

        @Override
        void data(Tracked tracked) {
            tracked.discard(Long.MAX_VALUE);
        }

        @Override
        void end(Tracked tracked) {
            tracked.write(scenario.random().skewed(8, 4000));
            if (scenario.random().chance(0.5)) {
                tracked.close();
            } else {
                tracked.shutdownOutput();
            }
        }
    }

    /** Reads a little, pauses for a while, and goes on. */
    static final class Slow extends Behaviour {
        private final Scenario scenario;

        Slow(Scenario scenario) {
            this.scenario = scenario;
        }

        @Override
        void data(Tracked tracked) {
            final SimRandom random = scenario.random();
            tracked.discard(random.chance(0.3) ? random.skewed(1, 10_000) : Long.MAX_VALUE);
            if (random.chance(0.5)) {
                tracked.pause();
                scenario.later(tracked, 20_000_000, () -> goOn(tracked));
            }
        }

        private void goOn(Tracked tracked) {
            if (!tracked.closed) {
                tracked.inspect();
                tracked.discard(Long.MAX_VALUE);
                tracked.resume();
            }
        }
    }

    /** Writes as much as it has to whenever there is room, then ends. */
    static final class Source extends Behaviour {
        private final Scenario scenario;
        private long left;
        private boolean refused;

        Source(Scenario scenario) {
            this.scenario = scenario;
            this.left = scenario.random().skewed(8, 60_000);
        }

        @Override
        void open(Tracked tracked) {
            pour(tracked);
        }

        @Override
        void writable(Tracked tracked) {
            pour(tracked);
        }

        @Override
        void data(Tracked tracked) {
            tracked.discard(Long.MAX_VALUE);
        }

        @Override
        boolean isFinished() {
            return left == 0 || refused;
        }

        private void pour(Tracked tracked) {
            if (tracked.shutdownCalled || tracked.closeCalled) {
                return;
            }
            // Having passed the high mark, it counts on onWritable.
            while (left > 0
                    && tracked.connection.pendingBytes() <= scenario.limits().outboundHighBytes()) {
                final int n = (int) Math.min(left, scenario.random().skewed(8, 5000));
                if (!tracked.write(n)) {
                    refused = true;
                    return;
                }
                left -= n;
            }
            if (left == 0) {
                switch (scenario.random().between(0, 2)) {
                    case 0 -> tracked.close();
                    case 1 -> tracked.shutdownOutput();
                    default -> {
                        // The other side shall end it.
                    }
                }
            }
        }
    }

    /** Throws sooner or later. */
    static final class Thrower extends Behaviour {
        private final Scenario scenario;

        Thrower(Scenario scenario) {
            this.scenario = scenario;
        }

        private void maybe(double probability) {
            if (scenario.random().chance(probability)) {
                throw new Thrown();
            }
        }

        @Override
        void open(Tracked tracked) {
            maybe(0.2);
            tracked.write(8);
        }

        @Override
        void data(Tracked tracked) {
            if (scenario.random().chance(0.5)) {
                tracked.write(100);
            }
            maybe(0.3);
            tracked.discard(Long.MAX_VALUE);
            maybe(0.1);
        }

        @Override
        void end(Tracked tracked) throws Exception {
            maybe(0.5);
            super.end(tracked);
            maybe(0.5);
        }

        @Override
        void closed(Tracked tracked) {
            maybe(0.5);
        }
    }

    /** Has enough at some point. */
    static final class Quitter extends Behaviour {
        private final Scenario scenario;
        private final long patience;
        private final boolean echoes;

        Quitter(Scenario scenario) {
            this.scenario = scenario;
            this.echoes = scenario.random().chance(0.5);
            this.patience = scenario.random().skewed(0, 5000);
        }

        @Override
        void open(Tracked tracked) {
            quitIfEnough(tracked);
        }

        @Override
        void data(Tracked tracked) {
            if (echoes) {
                tracked.passOn(tracked, Long.MAX_VALUE);
            } else {
                tracked.discard(Long.MAX_VALUE);
            }
            quitIfEnough(tracked);
        }

        private void quitIfEnough(Tracked tracked) {
            if (tracked.received >= patience) {
                switch (scenario.random().between(0, 3)) {
                    case 0 -> tracked.close();
                    case 1 -> tracked.abort();
                    case 2 -> {
                        tracked.close();
                        tracked.abort();
                    }
                    default -> tracked.shutdownOutput();
                }
            }
        }
    }

    /** Passes everything on to another server, and back; the two connections may live on two loops. */
    static final class Proxy extends Behaviour {
        private final Scenario scenario;
        private Tracked client;
        private Tracked upstream;

        Proxy(Scenario scenario) {
            this.scenario = scenario;
        }

        @Override
        void open(Tracked tracked) {
            client = tracked;
            tracked.pause();
            final var dial = scenario.dialUpstream(tracked.connection.engine(), () -> new Upstream(this));
            final var unused = dial.whenComplete((_, failure) -> {
                if (failure != null) {
                    client.abort();
                }
            });
        }

        @Override
        void data(Tracked tracked) {
            forward(client, upstream);
        }

        @Override
        void end(Tracked tracked) {
            endOf(upstream);
        }

        @Override
        void closed(Tracked tracked) {
            endOf(upstream);
        }

        /** Across loops: what was cut belongs to the task, until it is written. */
        private void forward(Tracked from, Tracked to) {
            if (!from.isReadable() || from.unread() == 0) {
                return;
            }
            if (to == null) {
                from.pause();
                return;
            }
            final long bytes = from.unread();
            final Slice slice = from.connection.reader().slice(bytes);
            from.wasRead();
            try {
                to.connection.execute(() -> {
                    try {
                        to.connection.writer().append(slice, bytes);
                        to.written += bytes;
                    } catch (BufferFullException | ConnectionClosedException e) {
                        to.abort();
                    } finally {
                        slice.close();
                    }
                });
            } catch (RejectedExecutionException e) {
                slice.close();
                from.abort();
            }
        }

        private void endOf(Tracked other) {
            if (other != null) {
                try {
                    other.connection.execute(() -> other.close());
                } catch (RejectedExecutionException e) {
                    other.abort();
                }
            }
        }
    }

    /** The other leg of a proxy. */
    static final class Upstream extends Behaviour {
        private final Proxy proxy;

        Upstream(Proxy proxy) {
            this.proxy = proxy;
        }

        @Override
        void open(Tracked tracked) {
            proxy.upstream = tracked;
            if (proxy.client.closed) {
                tracked.abort();
            } else {
                proxy.client.resume();
            }
        }

        @Override
        void data(Tracked tracked) {
            proxy.forward(tracked, proxy.client);
        }

        @Override
        void end(Tracked tracked) {
            proxy.endOf(proxy.client);
        }

        @Override
        void closed(Tracked tracked) {
            proxy.endOf(proxy.client);
        }
    }

    /** Writes what the script says, and reads what comes. */
    static final class Client extends Behaviour {
        private final Scenario scenario;
        private final boolean slow;
        private final boolean closesAtEnd;
        Tracked tracked;

        Client(Scenario scenario) {
            this.scenario = scenario;
            this.slow = scenario.random().chance(0.2);
            this.closesAtEnd = scenario.random().chance(0.8);
        }

        @Override
        void open(Tracked opened) {
            tracked = opened;
            if (scenario.random().chance(0.5)) {
                opened.write(scenario.random().skewed(1, 2000));
            }
        }

        @Override
        void data(Tracked of) {
            of.discard(Long.MAX_VALUE);
            if (scenario.random().chance(0.1)) {
                of.write(scenario.random().skewed(1, 500));
            }
            if (slow) {
                of.pause();
                scenario.later(of, 3_000_000, of::resume);
            }
        }

        @Override
        void end(Tracked of) {
            if (closesAtEnd) {
                of.close();
            } else {
                of.write(100);
                of.shutdownOutput();
            }
        }
    }
}
