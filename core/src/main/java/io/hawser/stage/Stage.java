// SPDX-License-Identifier: Apache-2.0
package io.hawser.stage;

import io.hawser.buffer.Block;
import io.hawser.buffer.Buffer;
import io.hawser.transport.AcceptedSocket;
import io.hawser.transport.StreamSink;
import io.hawser.transport.StreamSocket;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A step between a socket and its connection. To what is below it, a transport's socket or another stage, it is the {@link StreamSink}; to
 * what is above it, the connection or another stage, the {@link StreamSocket}; and it keeps to both contracts. As it stands here it lets
 * everything through; a kind of stage overrides what it has to do with.
 *
 * <pre>
 *  transport's socket ⇄ stage ⇄ stage ⇄ connection
 *                     below ◄─────────► above
 * </pre>
 *
 * <p><b>The beginning:</b> {@link #connected()} says that there is a connection below: of a dialled one, that it was made; an accepted one is
 * from the start. The connection opens, and its handler hears of it, when the last stage calls {@code connected()} of what is above it. Before,
 * nobody above asks to receive, so a stage that waits for bytes calls {@code below().receive(true)} itself, and it bounds how long it waits and
 * for how much. What has come beyond what it wanted goes up after {@code connected()}.
 *
 * <p><b>The end:</b> a stage that fails calls {@code failed} of what is above, which then closes it. It closes what is below, and passes
 * {@link #closed()} on when that comes, after it has given back all that it holds.
 *
 * <p><b>Thread:</b> the loop's, but for {@link #remoteAddress()} and {@link #find}, which any thread may call once the connection is open.
 */
public abstract class Stage implements StreamSocket, StreamSink {
    private final StreamSink above;
    private @Nullable StreamSocket below;

    /**
     * Makes it, not placed yet.
     *
     * @param above who is told
     */
    protected Stage(StreamSink above) {
        this.above = above;
    }

    /**
     * Makes the stages of a connection.
     *
     * @param factories at least one; the first stands next to the socket
     * @param connection stands above all of them
     * @return the first, which is the sink of the socket that is to be made; it is not {@link #place placed} yet
     */
    public static Stage stack(List<StageFactory> factories, StageContext context, StreamSink connection) {
        Stage last = factories.getLast().stage(context, connection);
        for (StageFactory factory : factories.reversed().subList(1, factories.size())) {
            last = factory.stage(context, last);
        }
        return last;
    }

    /**
     * Sets this stage, and with it those above it, onto a socket whose sink it is. Once, before anything else is called.
     *
     * @return the socket for the connection: the last of the stages
     */
    public final StreamSocket place(StreamSocket socket) {
        below = socket;
        return above instanceof Stage next ? next.place(this) : this;
    }

    /** Who is told: the next stage, or the connection. */
    protected final StreamSink above() {
        return above;
    }

    /** What it stands on: the stage before, or the transport's socket. */
    protected final StreamSocket below() {
        final StreamSocket placed = below;
        if (placed == null) {
            throw new IllegalStateException("The stage has not been placed on a socket");
        }
        return placed;
    }

    /**
     * What a stage knows about the connection that others cannot know, such as what was agreed on. Any thread, once the connection is open.
     *
     * @param kind what is asked for
     * @return the answer of this stage, or of those below it
     */
    public <T> Optional<T> find(Class<T> kind) {
        return below() instanceof Stage stage ? stage.find(kind) : Optional.empty();
    }

    /**
     * Whether the connection can go on without this stage and those below it, once it is open: then its socket can be taken out of the engine
     * by {@link #detach()}. A stage that says no is not asked to.
     */
    public boolean isDetachable() {
        return !(below() instanceof Stage stage) || stage.isDetachable();
    }

    // ---- for what is above

    @Override
    public void receive(boolean on) {
        below().receive(on);
    }

    @Override
    public long send(Buffer outbound) throws IOException {
        return below().send(outbound);
    }

    @Override
    public void shutdownOutput() throws IOException {
        below().shutdownOutput();
    }

    @Override
    public void close() {
        below().close();
    }

    @Override
    public void abort() {
        below().abort();
    }

    @Override
    public void detach() {
        below().detach();
    }

    @Override
    public boolean isPeerPresent() {
        return below().isPeerPresent();
    }

    @Override
    public Optional<SocketAddress> localAddress() {
        return below().localAddress();
    }

    @Override
    public Optional<SocketAddress> remoteAddress() {
        return below().remoteAddress();
    }

    // ---- for what is below

    @Override
    public void connected() {
        above.connected();
    }

    @Override
    public void received(Block block) {
        above.received(block);
    }

    @Override
    public void inputEnded() {
        above.inputEnded();
    }

    @Override
    public void inputTruncated(IOException cause) {
        above.inputTruncated(cause);
    }

    @Override
    public void sent(long bytes) {
        above.sent(bytes);
    }

    @Override
    public void failed(IOException cause) {
        above.failed(cause);
    }

    @Override
    public void closed() {
        above.closed();
    }

    @Override
    public void detached(AcceptedSocket socket) {
        above.detached(socket);
    }
}
