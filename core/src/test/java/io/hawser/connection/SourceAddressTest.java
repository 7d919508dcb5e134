// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import org.junit.jupiter.api.Test;

/** What counts as one source. */
final class SourceAddressTest {
    private static SourceAddress of(String literal) {
        return SourceAddress.of(InetAddress.ofLiteral(literal).getAddress());
    }

    @Test
    void shouldTellIPv4AddressesApart() {
        assertThat(of("192.0.2.1")).isEqualTo(of("192.0.2.1")).isNotEqualTo(of("192.0.2.2"));
    }

    @Test
    void shouldTakeAnIPv4MappedAddressForWhatItIs() {
        final byte[] mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, (byte) 192, 0, 2, 1};

        assertThat(SourceAddress.of(mapped)).isEqualTo(of("192.0.2.1"));
    }

    @Test
    void shouldCountANetworkOfIPv6AsOne() {
        assertThat(of("2001:db8:1:2::1")).isEqualTo(of("2001:db8:1:2:ffff::9")).isNotEqualTo(of("2001:db8:1:3::1"));
    }

    @Test
    void shouldNotMixUpTheFamilies() {
        // 0.0.0.1, and a network whose 64 bits are the same number.
        assertThat(of("0.0.0.1")).isNotEqualTo(of("0:0:0:1::"));
    }

    @Test
    void shouldCountNoUnixPeers() {
        assertThat(SourceAddress.of(UnixDomainSocketAddress.of("/tmp/x"))).isEmpty();
        assertThat(SourceAddress.of(new InetSocketAddress(InetAddress.ofLiteral("192.0.2.1"), 7)))
                .contains(of("192.0.2.1"));
    }
}
