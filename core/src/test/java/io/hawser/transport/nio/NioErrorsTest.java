// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.transport.ConnectionResetException;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class NioErrorsTest {
    private static final InetSocketAddress ADDRESS = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 4711);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Connection reset",
                "Connection reset by peer",
                "Broken pipe",
                "Software caused connection abort",
                "An existing connection was forcibly closed by the remote host",
                "An established connection was aborted by the software in your host machine",
                "Die Verbindung wurde vom Kommunikationspartner zurückgesetzt",
                "Datenübergabe unterbrochen",
            })
    void shouldTakeFailedTransferForReset(String text) {
        IOException cause = new IOException(text);

        IOException failure = NioErrors.transfer("Could not send", cause);

        assertThat(failure)
                .isInstanceOf(ConnectionResetException.class)
                .hasMessage("Could not send: " + text)
                .hasCause(cause);
        assertThat(NioErrors.transfer("Could not send", new SocketException(text)))
                .isInstanceOf(ConnectionResetException.class);
        assertThat(NioErrors.transfer("again", failure)).isSameAs(failure);
    }

    @ParameterizedTest
    @ValueSource(strings = {"No route to host", "No buffer space available", "Network is down"})
    void shouldNotTakeOtherFailedTransfersForReset(String text) {
        IOException cause = new IOException(text);

        assertThat(NioErrors.transfer("Could not receive", cause))
                .isExactlyInstanceOf(SocketException.class)
                .hasMessage("Could not receive: " + text)
                .hasCause(cause);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Connection timed out",
                "A connection attempt failed because the party did not properly respond after a period of time",
            })
    void shouldTellTimeoutsOfTheSystemFromOtherFailures(String text) {
        IOException cause = new IOException(text);

        assertThat(NioErrors.transfer("Could not receive", cause))
                .isInstanceOf(SocketTimeoutException.class)
                .hasCause(cause);
        assertThat(NioErrors.connect(ADDRESS, cause))
                .isInstanceOf(SocketTimeoutException.class)
                .hasMessageContaining("127.0.0.1:4711");
    }

    @Test
    void shouldNotTakeClosedChannelForReset() {
        IOException cause = new ClosedChannelException();

        assertThat(NioErrors.transfer("Could not receive", cause)).isSameAs(cause);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Connection refused", "Cannot assign requested address", "Nicht da"})
    void shouldReportFailureToConnectWithAddress(String text) {
        IOException cause = new SocketException(text);

        assertThat(NioErrors.connect(ADDRESS, cause))
                .isExactlyInstanceOf(ConnectException.class)
                .hasMessage("Could not connect to 127.0.0.1:4711: " + text)
                .hasCause(cause);
    }

    @ParameterizedTest
    @ValueSource(strings = {"No route to host", "Network is unreachable", "A socket operation: unreachable host"})
    void shouldReportMissingRouteWithAddress(String text) {
        assertThat(NioErrors.connect(ADDRESS, new SocketException(text)))
                .isExactlyInstanceOf(NoRouteToHostException.class)
                .hasMessageContaining("127.0.0.1:4711");
        assertThat(NioErrors.connect(ADDRESS, new NoRouteToHostException("Kein Weg")))
                .isExactlyInstanceOf(NoRouteToHostException.class)
                .hasMessageEndingWith("127.0.0.1:4711: Kein Weg");
    }

    @Test
    void shouldReportFailureToBindWithAddress() {
        var path = UnixDomainSocketAddress.of("/run/hawser.sock");

        assertThat(NioErrors.bind(ADDRESS, new BindException("Address already in use")))
                .isExactlyInstanceOf(BindException.class)
                .hasMessage("Could not bind 127.0.0.1:4711: Address already in use");
        assertThat(NioErrors.bind(path, new SocketException("No such file or directory")))
                .isExactlyInstanceOf(BindException.class)
                .hasMessage("Could not bind " + path + ": No such file or directory");
    }

    @Test
    void shouldSurviveExceptionWithoutText() {
        assertThat(NioErrors.connect(ADDRESS, new IOException())).hasMessageEndingWith(": IOException");
        assertThat(NioErrors.exhausted(new IOException())).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Too many open files",
                "Too many open files in system",
                "No buffer space available",
                "Cannot allocate memory",
                "Zu viele offene Dateien",
            })
    void shouldTakeFailedAcceptForExhaustion(String text) {
        assertThat(NioErrors.exhausted(new IOException(text))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"Software caused connection abort", "Protocol error", "Network is down", "No route to host"})
    void shouldTakeFailedAcceptForFailureOfOneConnection(String text) {
        assertThat(NioErrors.exhausted(new IOException(text))).isFalse();
    }
}
