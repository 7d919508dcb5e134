// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** What a network can do to its users that loopback does not, for which each test has a network of its own. */
@EnabledOnOs(value = OS.LINUX, disabledReason = "Other systems have no network name spaces")
final class OwnNetworkTest {
    /**
     * A dial of an ephemeral port on which nobody listens can get that very port for its own side, and is then connected to itself. With a
     * single ephemeral port it always does.
     */
    @Test
    void shouldRefuseToTalkToItself() throws Exception {
        final String onePort = "echo '40000 40000' > /proc/sys/net/ipv4/ip_local_port_range";
        try (ForkedJava java = OwnNetwork.start(onePort, DialProgram.class, "tcp://127.0.0.1:40000")) {
            expectOfEach(java, "java.net.ConnectException: connected to itself at /127.0.0.1:40000");
        }
    }

    @Test
    void shouldFailADialWhenThePortsAreExhaustedAndDialAgainWhenThereIsOne() throws Exception {
        try (ForkedJava java = OwnNetwork.start("true", NetworkProgram.class, "ports")) {
            expectOfEach(java, "4 dialled, then IOException without an address, ahoy, again");
        }
    }

    @Test
    void shouldNoticeAHalfOpenConnectionByKeepAlive() throws Exception {
        try (ForkedJava java = OwnNetwork.start("true", NetworkProgram.class, "half-open")) {
            for (TestTransport transport : TestTransport.values()) {
                if (transport.isAvailable()) {
                    assertThat(java.hear()).isEqualTo(transport + ": TIMED_OUT after [open, data, close TIMED_OUT], 0");
                }
            }
            java.expectEnd();
        }
    }

    /** A slow network device: what it has not sent counts against the buffer of the socket. */
    @Test
    void shouldWaitWithDatagramsForWhichTheKernelHasNoRoom() throws Exception {
        final String slow = "tc qdisc add dev lo root tbf rate 8mbit burst 4kb limit 10mb && ip link set lo mtu 1500";
        try (ForkedJava java = OwnNetwork.start(slow, NetworkProgram.class, "datagrams", "200", "1000")) {
            expectOfEach(java, "200 sent, 0 failed, 0 errors, waited, received all in order");
        }
    }

    /** The kernel cuts no message into segments that are longer than the MTU (EINVAL); as single datagrams it makes fragments of them. */
    @Test
    void shouldSendDatagramsOneByOneWhereTheKernelDoesNotSegment() throws Exception {
        final String small = "ip link set lo mtu 1500";
        try (ForkedJava java = OwnNetwork.start(small, NetworkProgram.class, "datagrams", "40", "4000")) {
            expectOfEach(java, "40 sent, 0 failed, 0 errors, never waited, received all in order");
        }
    }

    private static void expectOfEach(ForkedJava java, String what) throws Exception {
        for (TestTransport transport : TestTransport.values()) {
            assertThat(java.hear()).isIn(transport + ": " + what, transport + " is not available");
        }
        java.expectEnd();
    }
}
