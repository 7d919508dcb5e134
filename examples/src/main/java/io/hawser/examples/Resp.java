// SPDX-License-Identifier: Apache-2.0
package io.hawser.examples;

import java.util.List;

/** What Redis and its clients say to each other (RESP 2). */
public sealed interface Resp {
    /**
     * A command.
     *
     * @param words the name and the arguments
     */
    record Command(List<byte[]> words) implements Resp {}

    /**
     * A short answer.
     *
     * @param text without line ends
     */
    record Simple(String text) implements Resp {}

    /**
     * A failure.
     *
     * @param text without line ends
     */
    record Failure(String text) implements Resp {}

    /**
     * A whole number.
     *
     * @param value the number
     */
    record Whole(long value) implements Resp {}

    /** Bytes. */
    final class Bulk implements Resp {
        private final byte[] bytes;

        /** Keeps {@code bytes}, which are not to change any more. */
        public Bulk(byte[] bytes) {
            this.bytes = bytes;
        }

        /** The bytes. */
        public byte[] bytes() {
            return bytes;
        }
    }

    /** What stands for no value. */
    record Missing() implements Resp {}

    /**
     * Several answers in one.
     *
     * @param items the answers
     */
    record Many(List<Resp> items) implements Resp {}
}
