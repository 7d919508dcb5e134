// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Processes that are out of descriptors, and have some again later. */
@ParameterizedClass
@EnumSource(TestTransport.class)
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "It has no limit of descriptors that could be lowered")
final class ExhaustionTest {
    private static final int DESCRIPTORS = 64;
    private static final int PEERS = 100;

    private final TestTransport transport;

    @RegisterExtension
    final EngineFixture engines;

    ExhaustionTest(TestTransport transport) {
        this.transport = transport;
        engines = new EngineFixture(transport);
    }

    @Test
    void shouldPauseAcceptingAndLoseNobody() throws Exception {
        try (ForkedJava server =
                ForkedJava.start(List.of(), "ulimit -n " + DESCRIPTORS, ServerProgram.class, transport.name())) {
            final Address address = Address.parse(server.hear());
            final List<Peer> peers = new ArrayList<>();
            for (int i = 0; i < PEERS; i++) {
                peers.add(engines.closing(Peer.connect(address)).send("ahoy"));
            }

            server.say("exhausted");
            final int admitted = Integer.parseInt(server.hear());
            assertThat(admitted)
                    .as("connections with %d descriptors", DESCRIPTORS)
                    .isBetween(1, DESCRIPTORS);

            server.say("turns");
            assertThat(Long.parseLong(server.hear()))
                    .as("turns while it can accept nobody")
                    .isLessThan(100);
            // Those whom it has accepted are served meanwhile; they make room for the others when they go.
            for (int i = 0; i < PEERS; i++) {
                final Peer peer = peers.get(i);
                assertThat(peer.receiveText(4)).as("answer to peer %d", i).isEqualTo("ahoy");
                peer.close();
            }

            server.say("served");
            assertThat(server.hear()).isEqualTo("" + PEERS);
            server.say("end");
            server.expectEnd();
        }
    }

    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "It counts open descriptors in /proc")
    void shouldFailToDialToBindAndToStartAndGiveBackWhatThatTook() throws Exception {
        try (ForkedJava java =
                ForkedJava.start(List.of(), "ulimit -n " + DESCRIPTORS, DescriptorsProgram.class, transport.name())) {
            assertThat(java.hear()).isEqualTo("dial: failed, then succeeded");
            assertThat(java.hear()).isEqualTo("bind: failed, then succeeded");
            assertThat(java.hear()).isEqualTo("start: failed, then succeeded");
            java.expectEnd();
        }
    }
}
