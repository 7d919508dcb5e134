// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How addresses are written, and what is said of those that are none. */
final class AddressTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "tcp://127.0.0.1:7000",
                "tcp4://127.0.0.1:0",
                "tcp6://[::1]:65535",
                "udp://10.0.0.1:53",
                "udp4://localhost:1",
                "udp6://[fe80::1]:9",
                "tcp://a-name.example:80",
                "tcp://:7000",
                "unix:///tmp/hawser.sock",
                "unix://relative.sock"
            })
    void shouldReadWhatItWrites(String text) {
        final Address address = Address.parse(text);

        assertThat(address).hasToString(text);
        assertThat(Address.parse(address.toString())).isEqualTo(address);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "127.0.0.1:7000      | needs a scheme",
                "7000                | needs a scheme",
                "://127.0.0.1:7000   | needs a scheme",
                "''                  | needs a scheme",
                "http://127.0.0.1:80 | Unknown scheme 'http'; known are tcp, tcp4, tcp6, tls, tls4, tls6, udp, udp4, udp6 and unix",
                "TCP://127.0.0.1:80  | Unknown scheme 'TCP'",
                "tcp://127.0.0.1     | The port is missing",
                "tcp://[::1]         | The port is missing",
                "tcp://::1:7000      | stands in brackets, as in tcp://[::1]:7000",
                "tcp://127.0.0.1:    | Not a port: ''",
                "tcp://127.0.0.1:abc | Not a port: 'abc'",
                "tcp://127.0.0.1:-1  | The port must be 0 to 65535: -1",
                "udp://h:65536       | The port must be 0 to 65535: 65536",
                "unix://             | needs a path"
            })
    void shouldSayWhatIsWrong(String text, String message) {
        assertThatThrownBy(() -> Address.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll(message, "'" + text + "'");
    }

    @Test
    void shouldTakeAStarForAllInterfaces() throws Exception {
        assertThat(Address.parse("tcp://*:7000")).isEqualTo(Address.parse("tcp://:7000"));
        final var all =
                (InetSocketAddress) Address.parse("tcp6://*:7000").resolve().getFirst();
        assertThat(all.getAddress()).isInstanceOf(Inet6Address.class).matches(a -> a.isAnyLocalAddress());
    }

    @Test
    void shouldKeepToTheFamilyOfTheScheme() {
        assertThatThrownBy(() -> Address.parse("tcp4://[::1]:1").resolve())
                .isInstanceOf(UnknownHostException.class)
                .hasMessageContaining("tcp4");
        assertThatThrownBy(() -> Address.parse("udp6://127.0.0.1:1").resolve())
                .isInstanceOf(UnknownHostException.class)
                .hasMessageContaining("udp6");
    }

    @Test
    void shouldBeMadeOfSocketAddresses() {
        assertThat(Address.of(new InetSocketAddress("127.0.0.1", 7000))).hasToString("tcp://127.0.0.1:7000");
        assertThat(Address.of(UnixDomainSocketAddress.of("/tmp/x"))).hasToString("unix:///tmp/x");
    }
}
