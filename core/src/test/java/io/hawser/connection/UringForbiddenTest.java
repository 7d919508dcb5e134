// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where io_uring is there and may not be used, or not as one would like: engines use what works, or say why not. */
@EnabledOnOs(value = OS.LINUX, disabledReason = "Other systems have no io_uring")
final class UringForbiddenTest {
    /** So that the process has no right to lock memory beyond its limit, be it root. */
    private static final List<String> WITHOUT_PRIVILEGES = List.of("unshare", "--user");

    @BeforeEach
    void shouldBeThere() {
        assumeTrue(TestTransport.IO_URING.isAvailable());
    }

    /** io_uring_setup(2) to io_uring_register(2) are 425 to 427 on all architectures. */
    @ParameterizedTest
    @CsvSource({"425, 427", "425, 425", "426, 426", "427, 427"})
    void shouldUseEpollWhereSeccompForbidsIt(int firstCall, int lastCall) throws Exception {
        try (ForkedJava java =
                ForkedJava.start(List.of(), "true", RestrictedProgram.class, "" + firstCall, "" + lastCall)) {
            assertThat(java.hear()).isEqualTo("epoll ahoy");
            assertThat(java.hear()).startsWith("io_uring: ").contains("EPERM");
            java.expectEnd();
        }
    }

    /** Kernels charge the rings to the memory of the control group (5.12), and later to the limit of locked memory again (6.14). */
    @ParameterizedTest
    @ValueSource(ints = {0, 64, 512, 2048})
    void shouldServeWithLittleLockedMemory(int kibibytes) throws Exception {
        final var probe = new ProcessBuilder("unshare", "--user", "true").start();
        assumeTrue(probe.waitFor() == 0, "No user name spaces here");
        try (ForkedJava java =
                ForkedJava.start(WITHOUT_PRIVILEGES, "ulimit -l " + kibibytes, RestrictedProgram.class)) {
            final String served = java.hear();
            final String uring = java.hear();
            assertThat(served).isIn("io_uring ahoy", "epoll ahoy");
            if (served.startsWith("epoll")) {
                assertThat(uring).startsWith("io_uring: ").contains("ENOMEM");
            }
            java.expectEnd();
        }
    }
}
