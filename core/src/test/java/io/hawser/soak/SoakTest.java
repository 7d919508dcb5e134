// SPDX-License-Identifier: Apache-2.0
package io.hawser.soak;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.connection.VirtualThreads;
import io.hawser.transport.TransportProvider;
import io.hawser.transport.TransportUnavailableException;
import io.hawser.transport.Transports;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A few seconds of the soak, which {@code tools/soak} runs for long. In so short a time memory does not tell whether it grows. */
@ParameterizedClass(name = "{0}")
@MethodSource("transports")
class SoakTest {
    private static final Duration DURATION = Duration.ofSeconds(1);
    private static final long LEAST_CONVERSATIONS = 20;

    @Parameter
    private String transport;

    static List<String> transports() {
        return Transports.all().stream().map(TransportProvider::name).toList();
    }

    @ParameterizedTest
    @EnumSource(VirtualThreads.class)
    void shouldLoseNothingAndLeaveNothing(VirtualThreads virtualThreads) throws Exception {
        try {
            Transports.choose(transport);
        } catch (TransportUnavailableException e) {
            Assumptions.abort(e.getMessage());
        }
        final long descriptors = Vitals.now().descriptors();
        final SoakRun run = new SoakRun(new Settings(transport, DURATION, 24, 4711, virtualThreads));
        final Ledger ledger = run.ledger();
        try (run) {
            final long endNs = System.nanoTime() + DURATION.toNanos();
            while (endNs - System.nanoTime() > 0 || ledger.settledCount() < LEAST_CONVERSATIONS) {
                LockSupport.parkNanos(10_000_000);
            }
        }
        assertThat(ledger.violations()).isEmpty();
        assertThat(ledger.openCount()).isZero();
        assertThat(ledger.receivedBytes()).isPositive().isLessThanOrEqualTo(ledger.sentBytes());
        assertThat(ledger.lostDatagramPart()).isLessThanOrEqualTo(0.01);
        // The JDK keeps a few of its own from the first use on.
        assertThat(Vitals.now().descriptors() - descriptors).isLessThanOrEqualTo(4);
    }
}
