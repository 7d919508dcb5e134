// SPDX-License-Identifier: Apache-2.0
package io.hawser.soak;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.connection.CloseCause;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LedgerTest {
    private final Ledger ledger = new Ledger();

    @Test
    void shouldAgreeWithAConversationThatWentWell() {
        final Conversation conversation = ledger.begin(Kind.ECHO, false, 100);
        assertThat(ledger.find(conversation.id())).contains(conversation);
        settle(conversation, 100, 100, 100, 100, CloseCause.Kind.LOCAL, CloseCause.Kind.PEER_CLOSED);
        assertThat(ledger.violations()).isEmpty();
        assertThat(ledger.openCount()).isZero();
        assertThat(ledger.settledCount()).isEqualTo(1);
        assertThat(ledger.receivedBytes()).isEqualTo(100);
    }

    @Test
    void shouldFindBytesThatAreLostOnTheWay() {
        settle(
                ledger.begin(Kind.ECHO, false, 100),
                100,
                100,
                100,
                99,
                CloseCause.Kind.LOCAL,
                CloseCause.Kind.PEER_CLOSED);
        assertThat(ledger.violations()).singleElement().asString().startsWith("bytes were lost: ECHO #1 of 100 bytes");
    }

    @Test
    void shouldFindBytesThatNobodySent() {
        settle(
                ledger.begin(Kind.CLIENT_RESET, false, 100),
                50,
                51,
                51,
                20,
                CloseCause.Kind.LOCAL,
                CloseCause.Kind.RESET);
        assertThat(ledger.violations()).singleElement().asString().startsWith("more bytes came out than went in");
    }

    @Test
    void shouldLetAResetLoseBytes() {
        settle(
                ledger.begin(Kind.CLIENT_RESET, false, 100),
                60,
                50,
                50,
                20,
                CloseCause.Kind.LOCAL,
                CloseCause.Kind.RESET);
        assertThat(ledger.violations()).isEmpty();
    }

    @Test
    void shouldFindAnEndForAnotherReason() {
        settle(
                ledger.begin(Kind.TIMEOUT, false, 100),
                100,
                100,
                100,
                100,
                CloseCause.Kind.PEER_CLOSED,
                CloseCause.Kind.PEER_CLOSED);
        assertThat(ledger.violations()).singleElement().asString().startsWith("the server's end is not TIMEOUT");
    }

    @Test
    void shouldFindASideThatHasNotEnded() {
        final Conversation conversation = ledger.begin(Kind.CLIENT_RESET, false, 100);
        conversation.clientEnded(new CloseCause(CloseCause.Kind.LOCAL, Optional.empty()));
        ledger.settle(conversation);
        assertThat(ledger.violations()).singleElement().asString().startsWith("the server has not ended");
    }

    private void settle(
            Conversation conversation,
            long clientOut,
            long serverIn,
            long serverOut,
            long clientIn,
            CloseCause.Kind client,
            CloseCause.Kind server) {
        conversation.clientOut.set(clientOut);
        conversation.serverIn.set(serverIn);
        conversation.serverOut.set(serverOut);
        conversation.clientIn.set(clientIn);
        conversation.clientEnded(new CloseCause(client, Optional.empty()));
        conversation.serverEnded(new CloseCause(server, Optional.empty()));
        ledger.settle(conversation);
    }
}
