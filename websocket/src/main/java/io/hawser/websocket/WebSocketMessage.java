// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import io.hawser.buffer.Buffer;
import io.hawser.buffer.Slice;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A message of a WebSocket: text, or bytes. Or a part of one, where an endpoint was told to hand on
 * {@linkplain WebSocketOptions#fragments() fragments}.
 *
 * <p><b>Memory:</b> a long message lies in buffer memory as it came, and is sent on from there without a copy. When the listener returns, that is
 * given back: what nobody has looked at, sent or kept is copied to the heap before, so that a message can be used at any time; one that was sent,
 * or whose bytes were read as a {@link Binary#slice()}, is empty then. {@link #keep()} leaves the memory with the caller, who closes the message.
 *
 * <p><b>Thread:</b> one at a time.
 */
public abstract sealed class WebSocketMessage implements AutoCloseable {
    private final boolean first;
    private final boolean last;
    private byte @Nullable [] bytes;
    private @Nullable Buffer slice;
    private boolean kept;
    private boolean sent;

    private WebSocketMessage(byte @Nullable [] bytes, @Nullable Buffer slice, boolean first, boolean last) {
        this.bytes = bytes;
        this.slice = slice;
        this.first = first;
        this.last = last;
    }

    /** Text, whole. Unpaired surrogates are sent as question marks. */
    public static Text text(String text) {
        return new Text(Objects.requireNonNull(text), null, null, true, true);
    }

    /** Bytes, whole; not copied, so they are not changed before the message is sent. */
    public static Binary binary(byte[] bytes) {
        return new Binary(Objects.requireNonNull(bytes), null, true, true);
    }

    /** Bytes, whole; the slice belongs to the message, which whoever sends it closes after that. */
    public static Binary binary(Slice slice) {
        return new Binary(null, (Buffer) slice, true, true);
    }

    /**
     * The same content as a part of a message: for endpoints with {@link WebSocketOptions#fragments()}. This one is used up by that.
     *
     * @param first whether the message begins with it
     * @param last whether the message ends with it
     */
    public abstract WebSocketMessage part(boolean first, boolean last);

    /** Whether a message begins with this: always, but for parts. */
    public final boolean isFirst() {
        return first;
    }

    /** Whether a message ends with this: always, but for parts. */
    public final boolean isLast() {
        return last;
    }

    /** How many bytes it has; of text, as UTF-8. */
    public final long size() {
        final Buffer memory = slice;
        return memory == null ? heap().length : memory.readableBytes();
    }

    /**
     * Its bytes; of text, as UTF-8. To be read only: it may be the message's own array.
     *
     * @throws IllegalStateException if it was sent or closed, and lay in buffer memory
     */
    public final byte[] bytes() {
        byte[] known = bytes;
        if (known == null) {
            known = heap();
        }
        return known;
    }

    /** In the heap, from where it is now. */
    private byte[] heap() {
        byte[] known = bytes;
        if (known == null) {
            final Buffer memory = slice;
            if (memory == null) {
                known = encoded();
                bytes = known;
            } else {
                known = Memory.copy(memory);
                bytes = known;
            }
        }
        return known;
    }

    /** What is neither in the heap nor in buffer memory. */
    abstract byte[] encoded();

    /** The buffer memory that it lies in. */
    final @Nullable Buffer memory() {
        return slice;
    }

    final byte @Nullable [] array() {
        return bytes;
    }

    /** Takes the buffer memory out, for another message. */
    final @Nullable Buffer giveMemory() {
        final Buffer memory = slice;
        slice = null;
        return memory;
    }

    /** It has been encoded for somebody. */
    final void sent() {
        sent = true;
    }

    /** Leaves the buffer memory with the caller, beyond the listener's return; who calls this closes the message. */
    public final void keep() {
        kept = true;
    }

    /** The listener has returned. */
    final void handled() {
        final Buffer memory = slice;
        if (memory == null || kept) {
            return;
        }
        if (!sent && memory.readableBytes() > 0) {
            heap();
        }
        slice = null;
        memory.close();
    }

    /** Gives its memory back; a second call does nothing. */
    @Override
    public final void close() {
        final Buffer memory = slice;
        if (memory != null) {
            slice = null;
            memory.close();
        }
    }

    private static IllegalStateException gone() {
        return new IllegalStateException("The message was sent on or closed, and its memory is given back");
    }

    /** Text. */
    public static final class Text extends WebSocketMessage {
        private @Nullable String text;

        Text(@Nullable String text, byte @Nullable [] bytes, @Nullable Buffer slice, boolean first, boolean last) {
            super(bytes, slice, first, last);
            this.text = text;
        }

        /**
         * The text; decoded when it is first asked for.
         *
         * @throws IllegalStateException as {@link #bytes()}
         */
        public String text() {
            String known = text;
            if (known == null) {
                known = new String(bytes(), StandardCharsets.UTF_8);
                text = known;
            }
            return known;
        }

        @Override
        public Text part(boolean first, boolean last) {
            return new Text(text, array(), giveMemory(), first, last);
        }

        @Override
        byte[] encoded() {
            final String known = text;
            if (known == null) {
                throw gone();
            }
            return known.getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public String toString() {
            return "text of " + (memory() == null && array() == null && text == null ? "nothing" : size() + " bytes");
        }
    }

    /** Bytes. */
    public static final class Binary extends WebSocketMessage {
        Binary(byte @Nullable [] bytes, @Nullable Buffer slice, boolean first, boolean last) {
            super(bytes, slice, first, last);
        }

        /**
         * Its bytes, to be read without a copy, where they lie in buffer memory as those of long messages do; what was read is gone from the
         * message. It ends with the message, so it is not closed.
         */
        public Optional<Slice> slice() {
            return Optional.ofNullable(memory());
        }

        @Override
        public Binary part(boolean first, boolean last) {
            return new Binary(array(), giveMemory(), first, last);
        }

        @Override
        byte[] encoded() {
            throw gone();
        }

        @Override
        public String toString() {
            return "binary of " + (memory() == null && array() == null ? "nothing" : size() + " bytes");
        }
    }
}
