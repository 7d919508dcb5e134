// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * A dial of an ephemeral port on which nobody listens can get that very port for its own side, and is then connected to itself. With a
 * single ephemeral port, in a network name space of its own, it always does.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "Other systems have no network name spaces")
final class SelfConnectTest {
    private static final List<String> NETWORK_OF_ITS_OWN = List.of("unshare", "--map-root-user", "--net");
    private static final String ONE_EPHEMERAL_PORT =
            "ip link set lo up && echo '40000 40000' > /proc/sys/net/ipv4/ip_local_port_range";

    @Test
    void shouldRefuseToTalkToItself() throws Exception {
        assumeTrue(mayUnshare(), "No network name spaces here");

        try (ForkedJava java =
                ForkedJava.start(NETWORK_OF_ITS_OWN, ONE_EPHEMERAL_PORT, DialProgram.class, "tcp://127.0.0.1:40000")) {
            for (TestTransport transport : TestTransport.values()) {
                assertThat(java.hear())
                        .isIn(
                                transport + ": java.net.ConnectException: connected to itself at /127.0.0.1:40000",
                                transport + " is not available");
            }
            java.expectEnd();
        }
    }

    private static boolean mayUnshare() throws InterruptedException {
        final String command = String.join(" ", NETWORK_OF_ITS_OWN) + " sh -c \"" + ONE_EPHEMERAL_PORT + "\"";
        try {
            return new ProcessBuilder("/bin/sh", "-c", command).start().waitFor() == 0;
        } catch (IOException _) {
            return false;
        }
    }
}
