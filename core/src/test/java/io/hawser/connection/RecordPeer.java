// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.tls.TlsIdentity;
import io.hawser.tls.TlsVersion;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Optional;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;

/** A client of TLS that makes its records one by one, also such as no client sends. */
final class RecordPeer implements AutoCloseable {
    private static final int HEADER_BYTES = 5;
    private static final int ROOM = 40_000;

    private final Peer peer;
    private final SSLEngine ssl;
    private final ByteBuffer record = ByteBuffer.allocate(ROOM);
    private final ByteBuffer plaintext = ByteBuffer.allocate(ROOM);

    /** Connects, and says nothing yet. */
    RecordPeer(Server server, TlsIdentity identity, TlsVersion version) throws IOException, GeneralSecurityException {
        ssl = SslPeer.context(identity.certificate(), Optional.empty()).createSSLEngine();
        ssl.setUseClientMode(true);
        ssl.setEnabledProtocols(new String[] {version.standardName()});
        ssl.beginHandshake();
        peer = Peer.connect(server.address());
    }

    /** Below TLS. */
    Peer peer() {
        return peer;
    }

    /** What TLS has to say next, such as ClientHello, or a record with {@code data}, which may be empty. */
    byte[] record(byte... data) throws IOException {
        final SSLEngineResult result = ssl.wrap(ByteBuffer.wrap(data), record.clear());
        if (result.getStatus() != SSLEngineResult.Status.OK || result.bytesConsumed() != data.length) {
            throw new IOException("Made no record: " + result);
        }
        return Arrays.copyOf(record.array(), record.position());
    }

    /** {@code count} records with {@code data} each. */
    byte[] records(int count, byte... data) throws IOException {
        final var all = new ByteArrayOutputStream();
        for (int i = 0; i < count; i++) {
            all.writeBytes(record(data));
        }
        return all.toByteArray();
    }

    RecordPeer shakeHands() throws IOException {
        while (true) {
            switch (ssl.getHandshakeStatus()) {
                case NEED_WRAP -> peer.send(record());
                case NEED_TASK -> {
                    for (Runnable task = ssl.getDelegatedTask(); task != null; task = ssl.getDelegatedTask()) {
                        task.run();
                    }
                }
                case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> receive();
                case NOT_HANDSHAKING, FINISHED -> {
                    return this;
                }
            }
        }
    }

    /** Has the next record mean a change of keys; of TLS 1.3. */
    void changeKeys() throws IOException {
        ssl.beginHandshake();
        if (ssl.getHandshakeStatus() != HandshakeStatus.NEED_WRAP) {
            throw new IOException("Keys do not change: " + ssl.getHandshakeStatus());
        }
    }

    /** Takes a record. */
    private void receive() throws IOException {
        final byte[] header = peer.receive(HEADER_BYTES);
        final byte[] rest = peer.receive(((header[3] & 0xff) << 8) | (header[4] & 0xff));
        final ByteBuffer whole = ByteBuffer.allocate(HEADER_BYTES + rest.length);
        whole.put(header).put(rest).flip();
        while (whole.hasRemaining()) {
            ssl.unwrap(whole, plaintext.clear());
        }
    }

    @Override
    public void close() throws IOException {
        peer.close();
    }
}
