// SPDX-License-Identifier: Apache-2.0
package io.hawser.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who is in a list, however the address is written. */
class AddressRangesTest {
    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8, 10.255.0.1, true",
        "10.0.0.0/8, 11.0.0.0, false",
        "10.0.0.0/8, ::ffff:10.1.2.3, true",
        "::ffff:10.0.0.0/104, 10.1.2.3, true",
        "::ffff:10.0.0.0/104, 11.1.2.3, false",
        "::ffff:10.0.0.1, 10.0.0.1, true",
        "192.168.1.128/25, 192.168.1.127, false",
        "192.168.1.128/25, 192.168.1.128, true",
        "192.168.1.4/31, 192.168.1.5, true",
        "192.168.1.4/31, 192.168.1.6, false",
        "192.168.1.5, 192.168.1.5, true",
        "192.168.1.5, 192.168.1.4, false",
        "0.0.0.0/0, 1.2.3.4, true",
        "0.0.0.0/0, ::1, false",
        "::/0, 2001:db8::1, true",
        "::/0, ::ffff:1.2.3.4, false",
        "fd00::/8, fdff::1, true",
        "fd00::/8, fe00::1, false",
        "2001:db8:8000::/33, 2001:db8:7fff::, false",
        "2001:db8:8000::/33, 2001:db8:8000::, true",
        "::1, ::1, true",
        "::1, ::2, false",
    })
    void shouldContain(String range, String address, boolean contained) {
        assertThat(AddressRanges.parse(range).contains(InetAddress.ofLiteral(address)))
                .isEqualTo(contained);
    }

    @Test
    void shouldContainWhatOneOfThemDoes() {
        final AddressRanges ranges = AddressRanges.parse("127.0.0.1, 10.0.0.0/8 ,::1");
        assertThat(ranges.contains(new InetSocketAddress("10.9.9.9", 1))).isTrue();
        assertThat(ranges.contains(new InetSocketAddress("::1", 1))).isTrue();
        assertThat(ranges.contains(new InetSocketAddress("127.0.0.2", 1))).isFalse();
        assertThat(ranges.contains(InetSocketAddress.createUnresolved("127.0.0.1", 1)))
                .isFalse();
        assertThat(ranges.contains(UnixDomainSocketAddress.of("/run/x"))).isFalse();
        assertThat(ranges).hasToString("127.0.0.1,10.0.0.0/8,::1");
        assertThat(AddressRanges.ANY.contains(InetAddress.ofLiteral("1.2.3.4"))).isTrue();
        assertThat(AddressRanges.ANY.contains(InetAddress.ofLiteral("::2"))).isTrue();
    }

    /** The JDK keeps the sixteen bytes of an address only if it is told to. */
    @Test
    void shouldNotBeFooledByWhatTheJdkKeeps() throws Exception {
        final byte[] mapped = new byte[16];
        mapped[10] = -1;
        mapped[11] = -1;
        mapped[12] = 10;
        final InetAddress kept = Inet6Address.getByAddress("", mapped, -1);
        assertThat(kept).isInstanceOf(Inet6Address.class);
        assertThat(AddressRanges.parse("10.0.0.0/8").contains(kept)).isTrue();
        assertThat(AddressRanges.parse("::/0").contains(kept)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ",",
                "10.0.0.0/8,",
                "localhost",
                "10.0.0",
                "10",
                "010.0.0.1",
                "10.0.0.256",
                "10.0.0.0/33",
                "10.0.0.0/-1",
                "10.0.0.0/",
                "10.0.0.0/08",
                "10.0.0.0/8/8",
                "10.0.0.1/8",
                "0.0.0.1/0",
                "::1/129",
                "::1/64",
                "fe80::1%lo",
                "[::1]",
                "::ffff:10.0.0.0/95",
                "::ffff:10.0.0.1/104",
                "0x7f.0.0.1",
                "::g",
                "10.0.0.0/255.0.0.0",
                "/8"
            })
    void shouldRefuse(String text) {
        assertThatThrownBy(() -> AddressRanges.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }
}
