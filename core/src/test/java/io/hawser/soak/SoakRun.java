// SPDX-License-Identifier: Apache-2.0
package io.hawser.soak;

import io.hawser.connection.Address;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionHandler;
import io.hawser.connection.ConnectionOptions;
import io.hawser.connection.Engine;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/**
 * Servers and clients that do all they can for a while: each actor has one conversation after the other, of random kinds and sizes, with a
 * random server. One thread starts and ends it.
 */
final class SoakRun implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 30;
    private static final int MOST_BYTES = 256 * 1024;
    private static final int MOST_SLOW_BYTES = 2 << 20;
    private static final int MOST_TRICKLE_BYTES = 2000;
    private static final int MOST_DATAGRAMS = 100;
    /** A client goes on receiving while much of its own is unsent: it has a server that does not. */
    private static final ConnectionOptions CLIENT = ConnectionOptions.DEFAULT.withReceiveWhileCongested(true);

    private final Ledger ledger = new Ledger();
    private final Path directory;
    private final Engine serverEngine;
    private final Engine clientEngine;
    private final Servers servers;
    /** Bound, so that nobody else listens at its address, which nobody does. */
    private final Socket deaf = new Socket();

    private final List<Thread> actors = new ArrayList<>();
    private volatile boolean over;

    SoakRun(Settings settings) throws IOException {
        directory = Files.createTempDirectory("hawser-soak-");
        deaf.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        serverEngine = Engine.builder()
                .name("soak-server")
                .transport(settings.transport())
                .loops(2)
                .virtualThreads(settings.virtualThreads())
                .start();
        clientEngine = Engine.builder()
                .name("soak-client")
                .transport(settings.transport())
                .loops(1)
                .start();
        servers = new Servers(serverEngine, ledger, directory);
        final Random seeds = new Random(settings.seed());
        for (int i = 0; i < settings.actors(); i++) {
            final Random random = new Random(seeds.nextLong());
            actors.add(Thread.ofVirtual().name("soak-actor").start(() -> act(random)));
        }
    }

    Ledger ledger() {
        return ledger;
    }

    String transport() {
        return serverEngine.transport();
    }

    private void act(Random random) {
        final Kind[] kinds = Kind.values();
        while (!over) {
            final Kind kind = kinds[random.nextInt(kinds.length)];
            try {
                switch (kind) {
                    case REFUSED -> dialTheDeaf();
                    case COME_AND_GO -> comeAndGo(random);
                    case DATAGRAMS -> exchangeDatagrams(random);
                    default -> converse(kind, random);
                }
            } catch (IOException | ExecutionException | TimeoutException | RuntimeException e) {
                ledger.violated(kind + " failed: " + e);
            } catch (InterruptedException _) {
                return;
            }
        }
    }

    private void dialTheDeaf() throws InterruptedException, TimeoutException {
        try {
            final Connection connection = clientEngine
                    .dial(Address.parse("tcp://127.0.0.1:" + deaf.getLocalPort()), CLIENT, (ConnectionHandler) _ -> {})
                    .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            connection.abort();
            ledger.violated("a dial succeeded where nobody listens");
        } catch (ExecutionException _) {
            ledger.settleUnseen();
        }
    }

    private void comeAndGo(Random random) throws InterruptedException, ExecutionException, TimeoutException {
        final CompletableFuture<Void> closed = new CompletableFuture<>();
        final Connection connection = clientEngine
                .dial(pick(servers.streams(), random), CLIENT, (ConnectionHandler) _ -> {})
                .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        final boolean gently = random.nextBoolean();
        connection.execute(() -> {
            connection.onClose(_ -> closed.complete(null));
            if (gently) {
                connection.close();
            } else {
                connection.abort();
            }
        });
        closed.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        ledger.settleUnseen();
    }

    private void exchangeDatagrams(Random random) throws InterruptedException, ExecutionException, TimeoutException {
        final long bytes = (1L + random.nextInt(MOST_DATAGRAMS)) * DatagramExchange.BYTES;
        final Conversation conversation = ledger.begin(Kind.DATAGRAMS, false, bytes);
        try {
            clientEngine
                    .connectDatagram(
                            servers.datagrams(), DatagramExchange.OPTIONS, new DatagramExchange(conversation, ledger))
                    .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            settle(conversation);
        } finally {
            ledger.drop(conversation);
        }
    }

    private void converse(Kind kind, Random random)
            throws IOException, InterruptedException, ExecutionException, TimeoutException {
        final Address address = pick(kind == Kind.TIMEOUT ? servers.impatient() : servers.streams(), random);
        final long most = switch (kind) {
            case SLOW_READER -> MOST_SLOW_BYTES;
            case TRICKLE -> MOST_TRICKLE_BYTES;
            default -> 1L << (1 + random.nextInt(Integer.numberOfTrailingZeros(MOST_BYTES)));
        };
        final long bytes = Conversation.ID_BYTES + random.nextLong(most);
        final Conversation conversation = ledger.begin(kind, address.isUnix(), bytes);
        try {
            if (kind == Kind.BLOCKING_CLIENT) {
                new BlockingClient(conversation, ledger).talk(clientEngine.dial(address, CLIENT));
            } else {
                clientEngine
                        .dial(address, CLIENT, new LoopClient(conversation, ledger, new Random(random.nextLong())))
                        .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            }
            settle(conversation);
        } finally {
            ledger.drop(conversation);
        }
    }

    private void settle(Conversation conversation) throws InterruptedException, ExecutionException {
        try {
            conversation.ended().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException _) {
            // The ledger says what is missing.
        }
        ledger.settle(conversation);
    }

    private static Address pick(List<Address> addresses, Random random) {
        return addresses.get(random.nextInt(addresses.size()));
    }

    /** Everybody has closed what was theirs. */
    private void awaitNoConnections(Engine engine) {
        final long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (engine.connectionCount() > 0) {
            if (System.nanoTime() - deadlineNs > 0) {
                ledger.violated(engine.connectionCount() + " connections are left");
                return;
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    /** Lets what goes on come to its end, closes all, and looks whether anything is left. */
    @Override
    public void close() throws IOException {
        over = true;
        try {
            for (Thread actor : actors) {
                if (!actor.join(Duration.ofSeconds(2 * PATIENCE_SECONDS))) {
                    ledger.violated("an actor has not ended");
                    actor.interrupt();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        for (Engine engine : List.of(clientEngine, serverEngine)) {
            awaitNoConnections(engine);
            engine.close();
            if (engine.pool().usedBytes() > 0) {
                ledger.violated(engine.pool().usedBytes() + " bytes of buffers are left "
                        + engine.pool().leaks());
            }
        }
        deaf.close();
        try (var left = Files.list(directory)) {
            left.forEach(path -> ledger.violated(path + " is left"));
        }
        Files.deleteIfExists(directory);
    }
}
