// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Block;
import io.hawser.buffer.BlockPool;
import io.hawser.buffer.Buffer;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;

/** Asks a codec as a session does, without one: bytes in, however they are cut, and messages or a failure out. */
final class CodecDriver<M> implements AutoCloseable {
    private final BlockPool pool;
    private final Codec<M> codec;
    private final Function<M, Object> taker;
    private final int maxBytes;
    private final Buffer in;
    private final List<Object> messages = new ArrayList<>();
    private String failure = "";
    private long needed = 1;
    private int decodes;

    /** @param taker what is kept of a message */
    CodecDriver(BlockPool pool, Codec<M> codec, int maxBytes, Function<M, Object> taker) {
        this.pool = pool;
        this.codec = codec.forSession(new CodecContext(maxBytes, pool));
        this.taker = taker;
        this.maxBytes = maxBytes;
        this.in = new Buffer(pool);
    }

    /** What came of a stream. */
    record Outcome(List<Object> messages, String failure, boolean isWithinMessage) {}

    Outcome outcome() {
        return new Outcome(
                List.copyOf(messages), failure, failure.isEmpty() && (in.readableBytes() > 0 || codec.hasBuffered()));
    }

    int decodes() {
        return decodes;
    }

    Codec<M> codec() {
        return codec;
    }

    /** How the bytes are handed over. */
    enum Cut {
        AT_ONCE,
        BYTE_BY_BYTE,
        /** All at once, but each byte in a block of its own. */
        IN_BLOCKS,
        RANDOM
    }

    /** All of a stream, by a codec of its own. */
    static <M> Outcome run(
            BlockPool pool, Codec<M> codec, int maxBytes, Function<M, Object> taker, byte[] bytes, Cut cut) {
        try (CodecDriver<M> driver = new CodecDriver<>(pool, codec, maxBytes, taker)) {
            switch (cut) {
                case AT_ONCE -> driver.feed(bytes, 0, bytes.length);
                case BYTE_BY_BYTE -> {
                    for (int i = 0; i < bytes.length; i++) {
                        driver.feed(bytes, i, i + 1);
                    }
                }
                case IN_BLOCKS -> {
                    for (int i = 0; i < bytes.length; i++) {
                        driver.append(bytes, i, i + 1);
                    }
                    driver.decodeAll();
                }
                case RANDOM -> {
                    final Random random = new Random(bytes.length);
                    for (int i = 0; i < bytes.length; ) {
                        final int to = Math.min(bytes.length, i + 1 + random.nextInt(40));
                        if (random.nextBoolean()) {
                            driver.feed(bytes, i, to);
                        } else {
                            driver.append(bytes, i, to);
                        }
                        i = to;
                    }
                    driver.decodeAll();
                }
            }
            return driver.outcome();
        }
    }

    CodecDriver<M> feed(byte... bytes) {
        return feed(bytes, 0, bytes.length);
    }

    CodecDriver<M> feed(byte[] bytes, int from, int to) {
        append(bytes, from, to);
        decodeAll();
        return this;
    }

    /** As blocks that no other bytes are copied behind. */
    void append(byte[] bytes, int from, int to) {
        for (int at = from; at < to; at += 1 << 20) {
            final int n = Math.min(to - at, 1 << 20);
            final Block block = pool.acquire(n);
            MemorySegment.copy(bytes, at, block.memory(), ValueLayout.JAVA_BYTE, 0, n);
            final Block view = block.view(0, n);
            block.release();
            in.appendBlock(view);
        }
    }

    /** As {@code StreamSession.decodeAll}. */
    void decodeAll() {
        while (failure.isEmpty() && (in.readableBytes() >= needed || codec.hasBuffered())) {
            final Decoded<M> decoded;
            final boolean buffered = codec.hasBuffered();
            final long before = in.consumedBytes();
            try {
                decodes++;
                decoded = codec.decode(in);
            } catch (MalformedMessageException e) {
                failure = "malformed: " + e.getMessage();
                return;
            } catch (Exception e) {
                failure = "failed: " + e;
                return;
            }
            needed = 1;
            switch (decoded) {
                case Decoded.Message<M>(M message) -> {
                    messages.add(taker.apply(message));
                    codec.delivered(in);
                    if (in.consumedBytes() == before && !buffered) {
                        throw new AssertionError(codec + " has consumed nothing");
                    }
                }
                case Decoded.NeedMore<M> _ -> {
                    if (in.readableBytes() > maxBytes) {
                        failure = "too long";
                    }
                    needed = in.readableBytes() + 1;
                    return;
                }
                case Decoded.Need<M>(long bytes) -> {
                    if (bytes > maxBytes) {
                        failure = "too long";
                    } else if (bytes <= in.readableBytes()) {
                        throw new AssertionError(codec + " asks for " + bytes + " bytes of " + in.readableBytes());
                    }
                    needed = bytes;
                    return;
                }
                case Decoded.Malformed<M>(String reason) -> failure = "malformed: " + reason;
            }
        }
    }

    /** One message as it is sent. */
    byte[] encode(M message) throws Exception {
        try (Buffer out = new Buffer(pool)) {
            // As if something waited there already, which must stay as it is.
            out.writeByte(7);
            codec.encode(message, out);
            if (out.readByte() != 7) {
                throw new AssertionError("What was pending has changed");
            }
            final long bytes = out.readableBytes();
            if (bytes > maxBytes) {
                throw new MessageTooLongException(bytes, maxBytes);
            }
            return out.readBytes((int) bytes);
        }
    }

    @Override
    public void close() {
        in.close();
        codec.close();
    }
}
