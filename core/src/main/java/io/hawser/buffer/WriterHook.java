// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

/** What a buffer tells its owner about writes; called on the writer's thread. */
public interface WriterHook {
    /** Takes no note, and fails writes over the bound with {@link BufferFullException}. */
    WriterHook NONE = new WriterHook() {
        @Override
        public void dirty() {
            // Nobody waits for writes.
        }

        @Override
        public void full(Buffer buffer, long bytes) {
            throw new BufferFullException(bytes, buffer.pendingBytes(), buffer.bound());
        }
    };

    /** Bytes were written for the first time since {@link Buffer#clean()}. */
    void dirty();

    /**
     * A write of {@code bytes} would pass the bound. Returns when there is room; nothing has been taken or written yet.
     *
     * @throws BufferFullException if there will not be room
     */
    void full(Buffer buffer, long bytes);

    /** The writer asked for what is written to be sent. */
    default void flush() {
        // What is written leaves at the owner's pleasure.
    }
}
