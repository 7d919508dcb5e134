// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import io.hawser.buffer.Block;
import io.hawser.buffer.BlockSource;
import io.hawser.buffer.Buffer;
import io.hawser.tls.openssl.SslConnection;
import io.hawser.tls.openssl.SslEvents;
import io.hawser.tls.openssl.SslIdentity;
import java.lang.foreign.MemorySegment;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLProtocolException;
import org.jspecify.annotations.Nullable;

/**
 * TLS by OpenSSL. It is given whole records where they lie in their blocks, and puts what they mean into a block of the loop's; what it sends it hands
 * over where it made it. So a record costs one call each way, and between two records OpenSSL keeps nothing of them.
 *
 * <p>Everything is done on the loop's thread; there are no tasks. The JDK verifies certificates, see {@link PeerVerifier}.
 */
final class OpenSslEngine implements TlsEngine, SslEvents {
    /** RFC 8446, 5.1: a type, a version and a length. */
    private static final int HEADER_BYTES = 5;

    private static final int CHANGE_CIPHER_SPEC = 20;
    private static final int HANDSHAKE = 22;
    private static final int APPLICATION_DATA = 23;
    private static final int MAX_PLAINTEXT_BYTES = 16 * 1024;
    /** RFC 5246, 6.2.3; TLS 1.3 allows less. OpenSSL knows which it is. */
    private static final int MAX_RECORD_BYTES = MAX_PLAINTEXT_BYTES + 2048;
    /** About what a record is longer than what is in it: 22 with TLS 1.3, 29 with the usual ciphers of TLS 1.2. */
    private static final int OVERHEAD_BYTES = 29;

    /** Pieces that are shorter go into one record with what follows: a copy costs less than a record of its own. */
    private static final int SHORT_BYTES = 4 * 1024;

    private static final int MAX_BLOCK_BYTES = 64 * 1024;

    private static final int MAX_STALLED_READS = 4;

    /** A warning that says close_notify (RFC 5246, 7.2.1). */
    private static final byte[] CLOSE_NOTIFY = {21, 3, 3, 0, 2, 1, 0};

    private final OpenSslContext context;
    private final Optional<TlsPeer> peer;
    private final BlockSource blocks;
    private final SslConnection connection;
    /** While a call is made: where what is to be sent goes. */
    private @Nullable Buffer output;
    /** While a call is made: what is not in the output yet, and how much of it is filled. */
    private @Nullable Block filling;

    private int filled;
    /** How much more is to come in this call, about. */
    private int expected;

    private @Nullable TlsSession session;
    private int quiet;
    private boolean established;
    private boolean hasAnswered;
    private boolean inputClosed;
    private boolean outputClosed;
    private boolean tls13;
    private boolean closed;

    OpenSslEngine(OpenSslContext context, Optional<TlsPeer> peer, BlockSource blocks) throws SSLException {
        this.context = context;
        this.peer = peer;
        this.blocks = blocks;
        connection = new SslConnection(context.ssl(), this);
        boolean made = false;
        try {
            if (peer.isPresent()) {
                prepare(peer.get());
            }
            made = true;
        } finally {
            if (!made) {
                connection.free();
            }
        }
    }

    private void prepare(TlsPeer dialled) throws SSLException {
        if (HostNames.isName(dialled.host())) {
            connection.serverName(dialled.host());
        }
        connection.resume(dialled, System.nanoTime());
    }

    // ---- in

    @Override
    public void start(Buffer outgoing) throws SSLException {
        if (!context.settings().client()) {
            return;
        }
        begin(outgoing, 0);
        try {
            connection.start();
        } finally {
            end();
        }
        hasAnswered = false;
    }

    @Override
    public void receive(Buffer incoming, Buffer plaintext, Buffer outgoing) throws SSLException {
        begin(outgoing, 0);
        try {
            while (!inputClosed) {
                final int record = nextRecord(incoming);
                if (record == 0) {
                    return;
                }
                receiveRecord(incoming, record, plaintext);
            }
        } finally {
            end();
        }
        // Nothing behind the end counts.
        incoming.skip(incoming.readableBytes());
    }

    /** How long the record at the head is, if all of it is there; else 0. What is no record is all there, for OpenSSL to say so. */
    private static int nextRecord(Buffer incoming) {
        final long available = incoming.readableBytes();
        if (available < HEADER_BYTES) {
            return 0;
        }
        final int type = incoming.getByte(0);
        final int bytes = incoming.getShort(3) & 0xffff;
        if (type < CHANGE_CIPHER_SPEC
                || type > APPLICATION_DATA
                || incoming.getByte(1) != 3
                || bytes > MAX_RECORD_BYTES) {
            return (int) Math.min(available, HEADER_BYTES + MAX_RECORD_BYTES);
        }
        return available < HEADER_BYTES + bytes ? 0 : HEADER_BYTES + bytes;
    }

    private void receiveRecord(Buffer incoming, int record, Buffer plaintext) throws SSLException {
        final int type = incoming.getByte(0);
        final boolean again = established && !tls13 && type == HANDSHAKE;
        final boolean data = established && type == APPLICATION_DATA;
        // As long as the record is enough for what is in it, so OpenSSL keeps none of it.
        final Block block = data ? blocks.acquire(Math.min(record, MAX_PLAINTEXT_BYTES)) : blocks.acquire(1);
        boolean received = false;
        try {
            int bytes = feed(incoming, record, block);
            if (bytes == 0 && established && !inputClosed) {
                // What it has to say to this record, such as the answer to KeyUpdate, it says when it is asked for
                // more.
                bytes = Math.max(0, connection.read(block.address(), block.capacity()));
            }
            if (bytes > 0) {
                block.received(bytes);
                received = true;
                plaintext.appendBlock(block);
                quiet = 0;
                return;
            }
        } finally {
            if (!received) {
                block.release();
            }
        }
        if (again) {
            // OpenSSL has answered no_renegotiation.
            endOutput();
            throw new SSLHandshakeException("The peer wants to renegotiate, which is not done");
        }
        if (!established) {
            established = connection.isEstablished();
            if (established) {
                agreed();
            }
        } else if (++quiet > TlsSettings.MAX_EMPTY_RECORDS) {
            endOutput();
            throw new SSLProtocolException(quiet + " records in a row without data");
        }
    }

    /** Has OpenSSL take a record, which may lie in several blocks. */
    private int feed(Buffer incoming, int record, Block target) throws SSLException {
        int left = record;
        int bytes = 0;
        int stalled = 0;
        while (left > 0 && bytes == 0) {
            final Block head = Objects.requireNonNull(incoming.head());
            final int piece = Math.min(left, head.readableBytes());
            connection.input(head.address() + head.start(), piece);
            final int result = connection.read(target.address(), target.capacity());
            final int taken = piece - connection.inputLeft();
            incoming.skip(taken);
            left -= taken;
            if (result == SslConnection.CLOSED) {
                inputClosed = true;
                if (established && !tls13) {
                    // RFC 5246, 7.2.1: it is the end of both sides.
                    endOutput();
                }
                return 0;
            }
            bytes = result;
            // A message of its own may have to go first, as the answer to KeyUpdate.
            stalled = taken == 0 ? stalled + 1 : 0;
            if (bytes == 0 && stalled > MAX_STALLED_READS) {
                throw new SSLException("OpenSSL does not take what has come");
            }
        }
        return bytes;
    }

    private void agreed() throws SSLException {
        tls13 = connection.isTls13();
        final Optional<String> protocol = connection.protocol();
        if (protocol.isPresent() && !context.settings().applicationProtocols().contains(protocol.get())) {
            throw new SSLHandshakeException("The server chose " + protocol.get() + ", which was not offered (ALPN)");
        }
    }

    // ---- out

    @Override
    public int send(Buffer plaintext, Buffer outgoing) throws SSLException {
        if (outputClosed) {
            throw new SSLException("TLS has ended, nothing more can be sent");
        }
        final int bytes = (int) Math.min(plaintext.readableBytes(), MAX_BATCH_BYTES);
        begin(outgoing, bytes + (bytes / MAX_PLAINTEXT_BYTES + 1) * OVERHEAD_BYTES);
        try {
            encrypt(Objects.requireNonNull(plaintext.head()), bytes);
        } finally {
            end();
        }
        return bytes;
    }

    private void encrypt(Block head, int bytes) throws SSLException {
        Block block = head;
        int left = bytes;
        int at = 0;
        while (left > 0) {
            final int here = Math.min(block.readableBytes() - at, left);
            if (here == 0) {
                block = Objects.requireNonNull(block.next());
                at = 0;
            } else if (here >= SHORT_BYTES || here == left) {
                connection.write(block.address() + block.start() + at, here);
                at += here;
                left -= here;
            } else {
                final int whole = Math.min(left, MAX_PLAINTEXT_BYTES);
                final Block gathered = blocks.acquire(whole);
                try {
                    int filled = 0;
                    while (filled < whole) {
                        final int part = Math.min(block.readableBytes() - at, whole - filled);
                        MemorySegment.copy(block.memory(), block.start() + at, gathered.memory(), filled, part);
                        filled += part;
                        at += part;
                        if (filled < whole) {
                            block = Objects.requireNonNull(block.next());
                            at = 0;
                        }
                    }
                    connection.write(gathered.address(), whole);
                } finally {
                    gathered.release();
                }
                left -= whole;
            }
        }
    }

    @Override
    public void closeOutput(Buffer outgoing) throws SSLException {
        begin(outgoing, 0);
        try {
            endOutput();
        } finally {
            end();
        }
    }

    private void endOutput() throws SSLException {
        if (outputClosed) {
            return;
        }
        outputClosed = true;
        if (established) {
            connection.shutdown();
        } else if (!hasAnswered) {
            // OpenSSL sends no alert in the midst of a handshake. Until this side has answered the other's first
            // message none is encrypted; behind it
            // the end of the connection has to do.
            Objects.requireNonNull(output).writeBytes(CLOSE_NOTIFY);
        }
    }

    private void begin(Buffer outgoing, int expectedBytes) {
        requireOpen();
        output = outgoing;
        expected = expectedBytes;
        connection.enter();
    }

    /** What OpenSSL has freed must not be touched again, whatever else goes wrong. */
    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("The engine is closed");
        }
    }

    private void end() {
        connection.exit();
        flush();
        output = null;
    }

    @Override
    public void encrypted(long address, int length) {
        hasAnswered = true;
        int left = length;
        while (left > 0) {
            Block block = filling;
            if (block == null) {
                block = blocks.acquire(blockBytes(Math.max(left, expected)));
                filling = block;
                filled = 0;
            }
            final int piece = Math.min(left, block.capacity() - filled);
            SslConnection.copy(address + length - left, block.memory(), filled, piece);
            filled += piece;
            left -= piece;
            expected -= piece;
            if (filled == block.capacity()) {
                flush();
            }
        }
    }

    /** Blocks are four times as large as the next smaller ones; a little more than one of them holds does not take such a one. */
    private static int blockBytes(int bytes) {
        if (bytes > MAX_BLOCK_BYTES) {
            return MAX_BLOCK_BYTES;
        }
        return bytes > MAX_PLAINTEXT_BYTES && bytes <= MAX_BLOCK_BYTES - MAX_PLAINTEXT_BYTES
                ? MAX_PLAINTEXT_BYTES
                : bytes;
    }

    private void flush() {
        final Block block = filling;
        final Buffer target = output;
        filling = null;
        if (block != null && target != null) {
            block.received(filled);
            target.appendBlock(block);
        }
    }

    // ---- what OpenSSL asks

    @Override
    public Optional<List<SslIdentity>> identities(Optional<String> serverName) {
        return context.identities(serverName);
    }

    @Override
    public void verify(List<X509Certificate> chain) throws CertificateException {
        final TlsVersion version = connection.isTls13() ? TlsVersion.TLS_1_3 : TlsVersion.TLS_1_2;
        context.verifier().verify(chain, peer, context.settings().client(), version);
    }

    // ---- what was agreed

    @Override
    public boolean isEstablished() {
        return established;
    }

    @Override
    public boolean isInputClosed() {
        return inputClosed;
    }

    @Override
    public Optional<Runnable> task() {
        return Optional.empty();
    }

    @Override
    public TlsSession session() {
        TlsSession agreed = session;
        if (agreed == null) {
            requireOpen();
            agreed = new TlsSession(
                    tls13 ? TlsVersion.TLS_1_3 : TlsVersion.TLS_1_2,
                    connection.cipherSuite(),
                    connection.protocol(),
                    connection.serverName(),
                    connection.peerCertificates(),
                    connection.isResumed(),
                    context.library());
            session = agreed;
        }
        return agreed;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            connection.free();
        }
    }
}
