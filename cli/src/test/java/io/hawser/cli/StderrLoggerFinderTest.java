// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StderrLoggerFinderTest {
    private final PrintStream err = System.err;
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

    @BeforeEach
    void capture() {
        System.setErr(new PrintStream(printed, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void giveBack() {
        System.setErr(err);
    }

    @Test
    void shouldPrintARecordOnOneLine() {
        final System.Logger logger = System.getLogger("io.hawser.connection");
        logger.log(Level.WARNING, "Something failed", new IOException("for a\n  reason"));
        logger.log(Level.ERROR, "{0} of {1}", 2, 3);
        assertThat(printed.toString(StandardCharsets.UTF_8).lines())
                .containsExactly(
                        "hawser: warning: Something failed: IOException: for a reason", "hawser: error: 2 of 3");
    }

    @Test
    void shouldKeepQuietBelowWarningsButForTheChoiceOfATransport() {
        System.getLogger("io.hawser.connection").log(Level.INFO, "chatter");
        System.getLogger("io.hawser.transport").log(Level.DEBUG, "chatter");
        System.getLogger("io.hawser.transport").log(Level.INFO, "Using the transport epoll");
        assertThat(printed.toString(StandardCharsets.UTF_8).lines())
                .containsExactly("hawser: info: Using the transport epoll");
    }
}
