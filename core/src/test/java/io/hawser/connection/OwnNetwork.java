// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.List;

/** Processes in a network name space of their own, where a test may set up the network as it likes. Linux only. */
final class OwnNetwork {
    private static final List<String> WRAPPER = List.of("unshare", "--map-root-user", "--net");
    private static final String LOOPBACK = "ip link set lo up";

    private OwnNetwork() {}

    /**
     * Starts {@code program} there. Skips the test where there are no such name spaces, or {@code preparation} fails in one.
     *
     * @param preparation what the shell does before
     */
    static ForkedJava start(String preparation, Class<?> program, String... arguments) throws Exception {
        final String all = LOOPBACK + " && " + preparation;
        assumeTrue(succeeds(all), "There is no name space in which one may: " + preparation);
        return ForkedJava.start(WRAPPER, all, program, arguments);
    }

    private static boolean succeeds(String preparation) throws InterruptedException {
        final String command = String.join(" ", WRAPPER) + " sh -c \"" + preparation + "\"";
        try {
            return new ProcessBuilder("/bin/sh", "-c", command)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException _) {
            return false;
        }
    }
}
