// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.micro;

import io.hawser.connection.ConnectionHandler;
import io.hawser.connection.Engine;
import io.hawser.loop.Clock;
import io.hawser.loop.LoopDriver;
import io.hawser.transport.Transport;
import io.hawser.transport.TransportConfig;
import io.hawser.transport.TransportProvider;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** An engine with one loop over a {@link MemoryTransport}, whose turns the caller takes. One thread. */
final class SteppedEngine implements LoopDriver, TransportProvider, AutoCloseable {
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private final Engine engine;
    private @Nullable Life life;
    private @Nullable MemoryTransport transport;
    private int listeners;

    SteppedEngine() throws IOException {
        engine = Engine.builder()
                .name("memory")
                .loops(1)
                .transport(this)
                .driver(this, Clock.system())
                .start();
    }

    /** A connection of a server of its own, whose handler {@code handler} makes. */
    MemoryStream connect(Function<Engine, ConnectionHandler> handler) throws IOException {
        engine.listen("tcp://127.0.0.1:0", handler.apply(engine));
        final MemoryTransport memory = transport();
        memory.connect(listeners++);
        turn();
        return memory.streams().getLast();
    }

    /** Takes one turn of the loop. */
    boolean turn() {
        return life().step();
    }

    private Life life() {
        if (life == null) {
            throw new IllegalStateException("The loop has not started");
        }
        return life;
    }

    private MemoryTransport transport() {
        if (transport == null) {
            throw new IllegalStateException("The loop has not started");
        }
        return transport;
    }

    @Override
    public String name() {
        return "memory";
    }

    @Override
    public Transport open(TransportConfig config) {
        final MemoryTransport opened = new MemoryTransport(config);
        transport = opened;
        return opened;
    }

    @Override
    public void start(Life loop) {
        life = loop;
        loop.step();
    }

    @Override
    public void execute(String name, Runnable task) {
        tasks.add(task);
    }

    @Override
    public boolean await(CompletableFuture<?> future, long timeoutNs) {
        await(future);
        return true;
    }

    @Override
    public void await(CompletableFuture<?> future) {
        while (!future.isDone()) {
            final Runnable task = tasks.poll();
            if (task != null) {
                task.run();
            } else {
                turn();
            }
        }
    }

    /** Closes all in an orderly way; what it held must have been given back. */
    @Override
    public void close() {
        engine.close();
        if (engine.pool().usedBytes() != 0) {
            throw new IllegalStateException(engine.pool().usedBytes() + " bytes of blocks were not given back");
        }
    }
}
