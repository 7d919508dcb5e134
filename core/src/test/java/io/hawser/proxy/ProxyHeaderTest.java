// SPDX-License-Identifier: Apache-2.0
package io.hawser.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Headers of both versions, as they are written and as they are read. */
class ProxyHeaderTest {
    private static final String SIGNATURE = "0d0a0d0a000d0a515549540a";
    private static final SocketAddress SOURCE = address("192.0.2.1", 56324);
    private static final SocketAddress DESTINATION = address("198.51.100.7", 443);
    private static final SocketAddress SOURCE6 = address("2001:db8::1", 1);
    private static final SocketAddress DESTINATION6 = address("2001:db8:0:1::2", 65535);

    private static SocketAddress address(String literal, int port) {
        return new InetSocketAddress(InetAddress.ofLiteral(literal), port);
    }

    private static ProxyHeader full() {
        return ProxyHeader.of(SOURCE6, DESTINATION6)
                .with(new ProxyTlv(ProxyTlv.ALPN, "h2".getBytes(StandardCharsets.US_ASCII)))
                .with(new ProxyTlv(ProxyTlv.AUTHORITY, "bücher.example".getBytes(StandardCharsets.UTF_8)))
                .with(new ProxyTlv(ProxyTlv.UNIQUE_ID, new byte[128]))
                .with(new ProxySsl(
                                ProxySsl.OVER_TLS | ProxySsl.CERTIFICATE_IN_CONNECTION,
                                true,
                                List.of(
                                        new ProxyTlv(ProxySsl.VERSION, "TLSv1.3".getBytes(StandardCharsets.US_ASCII)),
                                        new ProxyTlv(ProxySsl.COMMON_NAME, "client".getBytes(StandardCharsets.UTF_8))))
                        .toTlv())
                .with(new ProxyTlv(0xE0, new byte[] {1, 2, 3}));
    }

    static Stream<byte[]> headers() {
        return Stream.of(
                ProxyHeader.of(SOURCE, DESTINATION).encode(ProxyVersion.V1),
                ProxyHeader.of(SOURCE6, DESTINATION6).encode(ProxyVersion.V1),
                ProxyHeader.unknown().encode(ProxyVersion.V1),
                ProxyHeader.of(SOURCE, DESTINATION).encode(ProxyVersion.V2),
                ProxyHeader.of(SOURCE, DESTINATION6).encode(ProxyVersion.V2),
                ProxyHeader.of(UnixDomainSocketAddress.of("/run/a"), UnixDomainSocketAddress.of(""))
                        .encode(ProxyVersion.V2),
                ProxyHeader.unknown().encode(ProxyVersion.V2),
                ProxyHeader.ofProxyItself().encode(ProxyVersion.V2),
                full().encode(ProxyVersion.V2));
    }

    private static ProxyHeader decode(byte[] bytes) throws ProxyProtocolException {
        final ProxyDecoder decoder = new ProxyDecoder(4096);
        assertThat(decoder.take(ByteBuffer.wrap(bytes))).isEqualTo(bytes.length);
        return decoder.header().orElseThrow(() -> new AssertionError("The header is not complete"));
    }

    private static byte[] text(String line) {
        return line.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] binary(String hex) {
        return HexFormat.of().parseHex(SIGNATURE + hex.replace(" ", ""));
    }

    // ---- written

    @Test
    void shouldWriteALineForTcp() {
        assertThat(ProxyHeader.of(SOURCE, DESTINATION).encode(ProxyVersion.V1))
                .asString(StandardCharsets.US_ASCII)
                .isEqualTo("PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n");
        assertThat(ProxyHeader.of(SOURCE6, DESTINATION6).encode(ProxyVersion.V1))
                .asString(StandardCharsets.US_ASCII)
                .isEqualTo("PROXY TCP6 2001:db8:0:0:0:0:0:1 2001:db8:0:1:0:0:0:2 1 65535\r\n");
        assertThat(ProxyHeader.of(SOURCE, DESTINATION6).encode(ProxyVersion.V1))
                .asString(StandardCharsets.US_ASCII)
                .startsWith("PROXY TCP6 0:0:0:0:0:ffff:c000:201 2001:");
        final var unix = ProxyHeader.of(UnixDomainSocketAddress.of("/run/\r\nGET /"), UnixDomainSocketAddress.of(""));
        for (ProxyHeader header : List.of(ProxyHeader.unknown(), ProxyHeader.ofProxyItself(), unix)) {
            assertThat(header.encode(ProxyVersion.V1)).isEqualTo(text("PROXY UNKNOWN\r\n"));
        }
    }

    @Test
    void shouldWriteBinary() {
        assertThat(ProxyHeader.of(SOURCE, DESTINATION).encode(ProxyVersion.V2))
                .startsWith(binary("21 11 0013 c0000201 c6336407 dc04 01bb 03 0004"))
                .hasSize(16 + 12 + 7);
        assertThat(ProxyHeader.ofProxyItself().encode(ProxyVersion.V2)).startsWith(binary("20 00 0007"));
        assertThat(ProxyHeader.of(UnixDomainSocketAddress.of("/a"), UnixDomainSocketAddress.of("/b"))
                        .encode(ProxyVersion.V2))
                .startsWith(binary("21 31 00df 2f61 00"));
    }

    /** The scope of a link-local address is a name that somebody has given. */
    @Test
    void shouldWriteNoTextOfSomebodyElse() throws Exception {
        final byte[] local = InetAddress.ofLiteral("fe80::1").getAddress();
        final var scoped = java.net.Inet6Address.getByAddress("evil\r\nHost: x", local, 1);
        assertThat(ProxyHeader.of(new InetSocketAddress(scoped, 1), SOURCE6).encode(ProxyVersion.V1))
                .asString(StandardCharsets.US_ASCII)
                .isEqualTo("PROXY TCP6 fe80:0:0:0:0:0:0:1 2001:db8:0:0:0:0:0:1 1 1\r\n");
        assertThatThrownBy(() -> ProxyHeader.of(InetSocketAddress.createUnresolved("1.2.3.4\r\nX", 1), SOURCE))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ProxyHeader.of(SOURCE, UnixDomainSocketAddress.of("/a")))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ProxyHeader.of(
                        UnixDomainSocketAddress.of("/" + "a".repeat(107)), UnixDomainSocketAddress.of("/a")))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldRefuseToWriteWhatHasNoPlace() {
        assertThatThrownBy(() -> full().encode(ProxyVersion.V1)).isInstanceOf(IllegalArgumentException.class);
        final ProxyTlv large = new ProxyTlv(0xE0, new byte[40_000]);
        assertThatThrownBy(() -> ProxyHeader.unknown().with(large).with(large).encode(ProxyVersion.V2))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ProxyTlv(256, new byte[0])).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ProxyTlv(ProxyTlv.UNIQUE_ID, new byte[129]))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ProxyHeader.unknown().with(new ProxyTlv(ProxyTlv.CRC32C, new byte[4])))
                .isInstanceOf(IllegalArgumentException.class);
    }

    // ---- read

    @Test
    void shouldReadWhatIsWritten() throws Exception {
        final ProxyHeader header = decode(full().encode(ProxyVersion.V2));

        assertThat(header.isLocal()).isFalse();
        assertThat(header.source()).contains(SOURCE6);
        assertThat(header.destination()).contains(DESTINATION6);
        assertThat(header.alpn()).contains("h2");
        assertThat(header.authority()).contains("bücher.example");
        assertThat(header.uniqueId()).hasValueSatisfying(id -> assertThat(id).hasSize(128));
        assertThat(header.tlv(0xE0)).contains(new ProxyTlv(0xE0, new byte[] {1, 2, 3}));
        final ProxySsl ssl = header.ssl().orElseThrow();
        assertThat(ssl.isOverTls()).isTrue();
        assertThat(ssl.verified()).isTrue();
        assertThat(ssl.text(ProxySsl.VERSION)).contains("TLSv1.3");
        assertThat(ssl.text(ProxySsl.COMMON_NAME)).contains("client");
        assertThat(ssl.text(ProxySsl.CIPHER)).isEmpty();
        assertThat(header.tlvs()).isEqualTo(full().tlvs());
    }

    @ParameterizedTest
    @MethodSource("headers")
    void shouldReadHoweverItIsCut(byte[] header) throws Exception {
        final ByteArrayOutputStream stream = new ByteArrayOutputStream();
        stream.writeBytes(header);
        stream.writeBytes(text("\r\nPROXY rest"));
        final byte[] all = stream.toByteArray();
        final String expected = decode(header).toString();
        for (int cut = 0; cut <= all.length; cut++) {
            final ProxyDecoder decoder = new ProxyDecoder(4096);
            final int first = decoder.take(ByteBuffer.wrap(all, 0, cut));
            assertThat(first).as("cut at %d", cut).isEqualTo(Math.min(cut, header.length));
            assertThat(decoder.header().isPresent()).as("cut at %d", cut).isEqualTo(cut >= header.length);
            final int second = decoder.take(ByteBuffer.wrap(all, first, all.length - first));
            assertThat(first + second).as("cut at %d", cut).isEqualTo(header.length);
            assertThat(decoder.header().map(ProxyHeader::toString)).contains(expected);
        }
        final ProxyDecoder decoder = new ProxyDecoder(4096);
        for (byte b : header) {
            assertThat(decoder.header()).isEmpty();
            assertThat(decoder.take(ByteBuffer.wrap(new byte[] {b}))).isEqualTo(1);
        }
        assertThat(decoder.header().map(ProxyHeader::toString)).contains(expected);
    }

    @Test
    void shouldReadTheLongestLines() throws Exception {
        final String group = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
        assertThat(decode(text("PROXY TCP6 " + group + " " + group + " 65535 65535\r\n"))
                        .source())
                .contains(address(group, 65535));
        final String unknown = "PROXY UNKNOWN " + group + " " + group + " 65535 65535\r\n";
        assertThat(unknown).hasSize(107);
        assertThat(decode(text(unknown)).source()).isEmpty();
        assertThat(decode(text("PROXY TCP6 ::ffff:192.0.2.1 ::1 0 65535\r\n")).source())
                .contains(address("192.0.2.1", 0));
    }

    @Test
    void shouldIgnoreAddressesOfTheProxyItself() throws Exception {
        for (String rest : List.of("20 11 000c 01020304 05060708 0001 0002", "20 00 0000", "20 ff 0003 ffffff")) {
            final ProxyHeader header = decode(binary(rest));
            assertThat(header.isLocal()).isTrue();
            assertThat(header.source()).isEmpty();
            assertThat(header.tlvs()).isEmpty();
        }
    }

    @Test
    void shouldReadUnspecifiedAddresses() throws Exception {
        final ProxyHeader header = decode(binary("21 00 0005 01 0002 6832"));
        assertThat(header.isLocal()).isFalse();
        assertThat(header.source()).isEmpty();
        assertThat(header.alpn()).contains("h2");
        assertThat(decode(binary("21 10 000c 01020304 05060708 0001 0002")).source())
                .isEmpty();
        assertThat(decode(binary("21 12 000c 01020304 05060708 0001 0002")).source())
                .contains(address("1.2.3.4", 1));
        // What is only there to fill is nobody's.
        assertThat(decode(binary("21 00 0005 04 0002 0000")).tlvs()).isEmpty();
    }

    @Test
    void shouldReadPaths() throws Exception {
        final String path = HexFormat.of().formatHex(text("/run/app.sock"));
        final ProxyHeader header = decode(binary("21 31 00d8" + path + "00".repeat(216 - 13)));
        assertThat(header.source()).contains(UnixDomainSocketAddress.of("/run/app.sock"));
        assertThat(header.destination()).contains(UnixDomainSocketAddress.of(""));
        final String full = "61".repeat(216);
        assertThat(decode(binary("21 31 00d8" + full)).source()).contains(UnixDomainSocketAddress.of("a".repeat(108)));
    }

    // ---- hostile

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET / HTTP/1.1\r\n",
                "\r\n\r\n\0\r\nQUIX\n",
                "proxy TCP4 1.2.3.4 1.2.3.4 1 1\r\n",
                "PROXY\tTCP4",
                "PROXY  TCP4 1.2.3.4 1.2.3.4 1 1\r\n",
                "PROXY TCP4 1.2.3.4 1.2.3.4 1 1\n",
                "PROXY TCP4 1.2.3.4 1.2.3.4 1 1 \r\n",
                "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
                "PROXY TCP4 1.2.3.4  1 1\r\n",
                "PROXY TCP4 1.2.3.4 1.2.3.4 1 1\r\r\n",
                "PROXY TCP4 1.2.3.4\r 1.2.3.4 1 1\r\n",
                "PROXY TCP4 01.2.3.4 1.2.3.4 1 1\r\n",
                "PROXY TCP4 1.2.3 1.2.3.4 1 1\r\n",
                "PROXY TCP4 1.2.3.256 1.2.3.4 1 1\r\n",
                "PROXY TCP4 1.2.3.4.5 1.2.3.4 1 1\r\n",
                "PROXY TCP4 0x1.2.3.4 1.2.3.4 1 1\r\n",
                "PROXY TCP4 ::1 ::1 1 1\r\n",
                "PROXY TCP4 localhost 1.2.3.4 1 1\r\n",
                "PROXY TCP4 1.2.3.4 1.2.3.4 65536 1\r\n",
                "PROXY TCP4 1.2.3.4 1.2.3.4 -1 1\r\n",
                "PROXY TCP4 1.2.3.4 1.2.3.4 +1 1\r\n",
                "PROXY TCP4 1.2.3.4 1.2.3.4 01 1\r\n",
                "PROXY TCP4 1.2.3.4 1.2.3.4 1 4294967297\r\n",
                "PROXY TCP4 1.2.3.4 1.2.3.4 \u00b2 1\r\n",
                "PROXY TCP6 1.2.3.4 ::1 1 1\r\n",
                "PROXY TCP6 ::1%1 ::1 1 1\r\n",
                "PROXY TCP6 fe80::1%eth0 ::1 1 1\r\n",
                "PROXY TCP6 1::2::3 ::1 1 1\r\n",
                "PROXY TCP6 [::1] ::1 1 1\r\n",
                "PROXY TCP6 12345::1 ::1 1 1\r\n",
                "PROXY UDP4 1.2.3.4 1.2.3.4 1 1\r\n",
                "PROXY UNKNOWNS\r\n",
                "PROXY UNKNOWN \r\r\n",
                "PROXY UNKNOWN \0\r\n",
                "PROXY \r\n",
            })
    void shouldRefuseLine(String line) {
        refuse(text(line));
    }

    @Test
    void shouldRefuseALineWithoutEnd() throws Exception {
        final String line = "PROXY UNKNOWN " + "x".repeat(92);
        assertThat(new ProxyDecoder(4096).take(ByteBuffer.wrap(text(line)))).isEqualTo(106);
        refuse(text(line + "x"));
        refuse(text("PROXY " + "1".repeat(1000)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // Version, command, family, kind.
                "11 11 000c 01020304 05060708 0001 0002",
                "22 11 000c 01020304 05060708 0001 0002",
                "2f 11 000c 01020304 05060708 0001 0002",
                "21 41 000c 01020304 05060708 0001 0002",
                "21 13 000c 01020304 05060708 0001 0002",
                "21 ff 0000",
                // Too short for its addresses.
                "21 11 000b 01020304 05060708 0001 00",
                "21 11 0000",
                "21 21 000c 01020304 05060708 0001 0002",
                "21 31 0001 2f",
                // Too long to be true.
                "21 11 ffff",
                "20 00 0ff1",
                // TLVs that are cut short, too long, or not what they say.
                "21 00 0001 01",
                "21 00 0002 01 00",
                "21 00 0003 01 0001",
                "21 00 0005 01 ffff 6832",
                "21 00 0003 20 0000",
                "21 00 0007 20 0004 01000000",
                "21 00 0009 20 0006 0100000000 21",
                "21 00 000b 20 0008 0100000000 21 0001",
                // Checksums: wrong, short, two.
                "21 00 0007 03 0004 00000000",
                "21 00 0005 03 0002 0000",
                // Control characters in what is text.
                "21 00 0006 02 0003 610d0a",
                "21 00 0004 02 0001 00",
                "21 00 0004 30 0001 7f",
                "21 00 000c 20 0009 0100000000 22 0001 0a",
            })
    void shouldRefuseBinary(String rest) {
        refuse(binary(rest));
    }

    @Test
    void shouldRefuseALongUniqueId() {
        refuse(binary("21 00 0084 05 0081" + "00".repeat(129)));
    }

    @Test
    void shouldRefuseASecondChecksum() {
        final byte[] once = ProxyHeader.unknown().encode(ProxyVersion.V2);
        final ByteBuffer twice = ByteBuffer.allocate(once.length + 7);
        twice.put(once).put(once, 16, 7).putShort(14, (short) 14);
        // The first is right if the second counts as it stands, for which it has to be found.
        final int second = twice.position() - 4;
        twice.putInt(second, 0);
        final int sum = ProxyEncoder.checksum(twice.array(), twice.capacity(), 19);
        twice.putInt(19, sum);
        refuse(twice.array());
    }

    @Test
    void shouldRefuseEveryChangeOfWhatIsSummed() {
        final byte[] header = ProxyHeader.of(SOURCE, DESTINATION)
                .with(new ProxyTlv(ProxyTlv.ALPN, new byte[] {1}))
                .encode(ProxyVersion.V2);
        for (int bit = ProxyEncoder.FIXED_BYTES * 8; bit < (ProxyEncoder.FIXED_BYTES + 12) * 8; bit++) {
            final byte[] changed = header.clone();
            changed[bit / 8] ^= (byte) (1 << (bit % 8));
            refuse(changed);
        }
    }

    /** Whatever comes, it is refused or read within its bounds, and read the same however it is cut. */
    @Test
    void shouldSurviveNoise() {
        final Random random = new Random(1);
        final List<byte[]> seeds = headers().toList();
        for (int i = 0; i < 20_000; i++) {
            final byte[] bytes = seeds.get(random.nextInt(seeds.size())).clone();
            for (int j = random.nextInt(4); j >= 0; j--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            assertThat(ProxyFuzz.outcome(bytes, bytes.length, 4096))
                    .isEqualTo(ProxyFuzz.outcome(bytes, 1 + random.nextInt(7), 4096));
        }
    }

    private static void refuse(byte[] bytes) {
        final ProxyDecoder decoder = new ProxyDecoder(4096);
        assertThatThrownBy(() -> decoder.take(ByteBuffer.wrap(bytes)))
                .as("%s", HexFormat.of().formatHex(bytes))
                .isInstanceOf(ProxyProtocolException.class);
        assertThat(decoder.header()).isEqualTo(Optional.empty());
    }
}
