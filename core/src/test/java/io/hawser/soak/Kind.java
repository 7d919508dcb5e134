// SPDX-License-Identifier: Apache-2.0
package io.hawser.soak;

/** What becomes of a conversation. */
enum Kind {
    /** All goes well, and the client closes. */
    ECHO(true),
    /** The client says that it will send no more before it has received anything. */
    HALF_CLOSE(true),
    /** The client sends all and reads late, and little at a time. */
    SLOW_READER(true),
    /** The client sends little, with pauses. */
    TRICKLE(true),
    /** The client falls silent, and the server's timeout ends it. */
    TIMEOUT(false),
    /** The client reads and writes by blocking calls. */
    BLOCKING_CLIENT(true),
    /** The client resets in the middle. */
    CLIENT_RESET(false),
    /** The server resets in the middle. */
    SERVER_RESET(false),
    /** The server's handler throws in the middle. */
    SERVER_THROWS(false),
    /** Datagrams. */
    DATAGRAMS(false),
    /** Nobody listens. */
    REFUSED(false),
    /** The client goes as soon as it has come. */
    COME_AND_GO(false);

    private final boolean whole;

    Kind(boolean whole) {
        this.whole = whole;
    }

    /** Whether every byte must arrive, both ways. */
    boolean isWhole() {
        return whole;
    }

    /** Whether the server ends it in the middle. */
    boolean isEndedByServer() {
        return this == SERVER_RESET || this == SERVER_THROWS;
    }
}
