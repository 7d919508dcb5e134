// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/**
 * The other side of a connection: a blocking socket of the JDK. A test that waits here in vain is interrupted by its timeout. One
 * thread may send while another receives.
 */
public final class Peer implements AutoCloseable {
    private static final int CHUNK_BYTES = 64 * 1024;

    private final SocketChannel channel;

    public Peer(SocketChannel channel) {
        this.channel = channel;
    }

    public static Peer connect(SocketAddress address) throws IOException {
        return new Peer(SocketChannel.open(address));
    }

    public static Peer connect(Address address) throws IOException {
        return connect(address.resolve().getFirst());
    }

    /** A peer whose kernel takes little that it does not read. */
    public static Peer connectWithSmallBuffers(Address address) throws IOException {
        final SocketAddress remote = address.resolve().getFirst();
        final SocketChannel channel = SocketChannel.open(
                remote instanceof UnixDomainSocketAddress ? StandardProtocolFamily.UNIX : StandardProtocolFamily.INET);
        channel.setOption(StandardSocketOptions.SO_RCVBUF, 16 * 1024);
        channel.setOption(StandardSocketOptions.SO_SNDBUF, 16 * 1024);
        channel.connect(remote);
        return new Peer(channel);
    }

    public static Peer accept(ServerSocketChannel server) throws IOException {
        return new Peer(server.accept());
    }

    public SocketAddress localAddress() throws IOException {
        return channel.getLocalAddress();
    }

    public Peer send(byte[] bytes) throws IOException {
        return send(bytes, 0, bytes.length);
    }

    public Peer send(byte[] bytes, int offset, int length) throws IOException {
        final ByteBuffer buffer = ByteBuffer.wrap(bytes, offset, length);
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
        return this;
    }

    public Peer send(String text) throws IOException {
        return send(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Exactly {@code n} bytes. */
    public byte[] receive(int n) throws IOException {
        final ByteBuffer buffer = ByteBuffer.allocate(n);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                throw new EOFException("The stream ended after " + buffer.position() + " of " + n + " bytes");
            }
        }
        return buffer.array();
    }

    public String receiveText(int bytes) throws IOException {
        return new String(receive(bytes), StandardCharsets.UTF_8);
    }

    /** All bytes until the other side ends the stream in the ordinary way. */
    public byte[] receiveAll() throws IOException {
        final var all = new ByteArrayOutputStream();
        final ByteBuffer buffer = ByteBuffer.allocate(CHUNK_BYTES);
        while (channel.read(buffer) >= 0) {
            all.write(buffer.array(), 0, buffer.position());
            buffer.clear();
        }
        return all.toByteArray();
    }

    public String receiveAllText() throws IOException {
        return new String(receiveAll(), StandardCharsets.UTF_8);
    }

    /** The stream ends here, in the ordinary way. */
    public void expectEnd() throws IOException {
        assertThat(channel.read(ByteBuffer.allocate(1))).as("end of stream").isEqualTo(-1);
    }

    /** The connection is reset here. */
    public void expectReset() {
        assertThatThrownBy(() -> channel.read(ByteBuffer.allocate(1)))
                .as("a read from a connection that was reset")
                .isInstanceOf(SocketException.class)
                .hasMessageContaining("reset");
    }

    /** Nothing more comes, in whatever way the connection ended. */
    public void expectGone() {
        try {
            expectEnd();
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("reset");
        }
    }

    /** How many bytes come until the connection ends, in whatever way. */
    public int receiveUntilGone() {
        int count = 0;
        final ByteBuffer buffer = ByteBuffer.allocate(CHUNK_BYTES);
        try {
            for (int n = channel.read(buffer); n >= 0; n = channel.read(buffer)) {
                count += n;
                buffer.clear();
            }
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("reset");
        }
        return count;
    }

    /** What comes is the beginning of {@code text}, and then a reset: those who reset may take back what was sent. */
    public void expectTruncated(String text) {
        final var all = new ByteArrayOutputStream();
        final ByteBuffer one = ByteBuffer.allocate(1);
        assertThatThrownBy(() -> {
                    while (channel.read(one.clear()) > 0) {
                        all.write(one.get(0));
                    }
                })
                .as("the end of a stream that was cut")
                .hasMessageContaining("reset");
        assertThat(text).startsWith(all.toString(StandardCharsets.UTF_8));
    }

    /** Sends FIN; receiving goes on. */
    public Peer finish() throws IOException {
        channel.shutdownOutput();
        return this;
    }

    /** Closes with RST. TCP only. */
    public void reset() throws IOException {
        channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        channel.close();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
