// SPDX-License-Identifier: Apache-2.0
package io.hawser.soak;

import io.hawser.connection.Connection;

/** The client's side of one conversation, by blocking calls: sends a piece, waits until it has come back, and so on. */
final class BlockingClient {
    private static final int PIECE_BYTES = 16 * 1024;

    private final Conversation conversation;
    private final Ledger ledger;
    private final byte[] piece = new byte[PIECE_BYTES];

    BlockingClient(Conversation conversation, Ledger ledger) {
        this.conversation = conversation;
        this.ledger = ledger;
    }

    void talk(Connection connection) {
        connection.onClose(conversation::clientEnded);
        try (connection) {
            long position = 0;
            while (position < conversation.bytes()) {
                final int n = (int) Math.min(PIECE_BYTES, conversation.bytes() - position);
                Pattern.fill(piece, n, conversation.id(), position);
                conversation.clientOut.addAndGet(n);
                connection.writer().writeBytes(piece, 0, n).flush();
                connection.reader().readBytes(piece, 0, n);
                final int wrong = Pattern.mismatch(piece, n, conversation.id(), position);
                if (wrong >= 0) {
                    ledger.violated("byte " + (position + wrong) + " came back wrong: " + conversation);
                    return;
                }
                conversation.clientIn.addAndGet(n);
                position += n;
            }
        }
    }
}
