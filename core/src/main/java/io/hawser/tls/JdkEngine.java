// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import io.hawser.buffer.Block;
import io.hawser.buffer.BlockSource;
import io.hawser.buffer.Buffer;
import io.hawser.buffer.PoolExhaustedException;
import java.nio.ByteBuffer;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLProtocolException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * One side of a connection by the JDK's {@link SSLEngine}, which does not wait, and holds no buffers while there is nothing to do.
 *
 * <p>A byte that comes is copied from its block to the heap, decrypted in place, and copied to a block of plaintext; one that goes is copied
 * to the heap, encrypted in place, and copied to a block.
 */
final class JdkEngine implements TlsEngine {
    private static final int HEADER_BYTES = 5;
    private static final int HANDSHAKE = 22;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
    /** Into which plaintext goes when more than one record has come. */
    private static final int BULK_BYTES = 64 * 1024;

    private final SSLEngine ssl;
    private final JdkContext context;
    private final BlockSource blocks;
    private final JdkScratch scratch;
    private final long begunMs;
    private boolean established;
    private boolean inputClosed;
    private boolean outputClosed;
    /** Handshake messages are not encrypted away from sight, so that a renegotiation shows. */
    private boolean version12;
    /** Records without data, one after the other. */
    private int emptyRecords;
    /** The task that {@link SSLEngine} wants run was handed out. */
    private boolean taskGiven;
    /** Where plaintext goes, during a call. */
    private @Nullable Block target;

    JdkEngine(SSLEngine ssl, JdkContext context, BlockSource blocks) {
        this.ssl = ssl;
        this.context = context;
        this.blocks = blocks;
        scratch = JdkScratch.ofThread();
        begunMs = System.currentTimeMillis();
    }

    @Override
    public void start(Buffer outgoing) throws SSLException {
        ssl.beginHandshake();
        answer(outgoing);
    }

    // ---- receiving

    @Override
    public void receive(Buffer incoming, Buffer plaintext, Buffer outgoing) throws SSLException {
        taskGiven = false;
        try {
            while (step(incoming, plaintext, outgoing)) {
                // On to the next record.
            }
        } catch (SSLException e) {
            answerAfterFailure(outgoing);
            throw e;
        } finally {
            final Block last = target;
            target = null;
            if (last != null) {
                plaintext.appendBlock(last);
            }
        }
    }

    /** Answers, or takes one record; whether there may be more to do. */
    private boolean step(Buffer incoming, Buffer plaintext, Buffer outgoing) throws SSLException {
        return switch (ssl.getHandshakeStatus()) {
            case NEED_TASK -> false;
            case NEED_WRAP -> wrap(outgoing);
            case NEED_UNWRAP, NEED_UNWRAP_AGAIN, NOT_HANDSHAKING, FINISHED -> unwrap(incoming, plaintext, outgoing);
        };
    }

    private boolean unwrap(Buffer incoming, Buffer plaintext, Buffer outgoing) throws SSLException {
        if (inputClosed || incoming.readableBytes() < HEADER_BYTES) {
            return false;
        }
        final int bytes = HEADER_BYTES + (incoming.getShort(HEADER_BYTES - 2) & 0xffff);
        if (bytes > JdkScratch.RECORD_BYTES) {
            throw new SSLProtocolException("A record of " + bytes + " bytes; the most is " + JdkScratch.RECORD_BYTES);
        }
        if (incoming.readableBytes() < bytes) {
            return false;
        }
        final boolean again = established && version12 && incoming.getByte(0) == HANDSHAKE;
        // Before anything is taken: without memory nothing has happened.
        final Block block = target(bytes, incoming.readableBytes() - bytes, plaintext);
        incoming.readBytes(scratch.received, 0, bytes);
        final ByteBuffer source = scratch.source.position(0).limit(bytes);
        if (again) {
            refuseToRenegotiate(source, outgoing);
            throw new SSLHandshakeException("The peer wants to renegotiate, which is not done");
        }
        final int end = block.end();
        final SSLEngineResult result = ssl.unwrap(source, block.byteBuffer(end, block.capacity()));
        block.received(block.start(), end + result.bytesProduced());
        note(result);
        if (result.getStatus() == Status.CLOSED) {
            inputClosed = true;
            return ssl.getHandshakeStatus() == HandshakeStatus.NEED_WRAP;
        }
        if (result.getStatus() != Status.OK) {
            throw new SSLException("A record of " + bytes + " bytes ended with " + result.getStatus());
        }
        emptyRecords = result.bytesProduced() > 0 || !established ? 0 : emptyRecords + 1;
        if (emptyRecords > TlsSettings.MAX_EMPTY_RECORDS) {
            closeOutput(outgoing);
            throw new SSLProtocolException(emptyRecords + " records in a row without data");
        }
        return true;
    }

    /**
     * The engine cannot be told to send an alert, and refuses by itself only where a system property says so. So it is made to find nothing
     * in common with the client, of which it tells it.
     */
    private void refuseToRenegotiate(ByteBuffer record, Buffer outgoing) throws SSLException {
        if (!ssl.getUseClientMode()) {
            ssl.setEnabledProtocols(new String[] {TlsVersion.TLS_1_3.standardName()});
            try {
                // The engine asks for room although there is no data in it.
                ssl.unwrap(record, ByteBuffer.allocate(JdkScratch.RECORD_BYTES));
                for (Runnable task = ssl.getDelegatedTask(); task != null; task = ssl.getDelegatedTask()) {
                    task.run();
                }
                answer(outgoing);
            } catch (SSLException _) {
                answerAfterFailure(outgoing);
            }
        }
        closeOutput(outgoing);
    }

    /** A block with room for the plaintext of a record, which is less than the record. */
    private Block target(int bytes, long behind, Buffer plaintext) {
        Block block = target;
        if (block != null && block.capacity() - block.end() < bytes) {
            target = null;
            plaintext.appendBlock(block);
            block = null;
        }
        if (block == null) {
            block = blocks.tryAcquire((int) Math.min(bytes + behind, Math.max(bytes, BULK_BYTES)));
            if (block == null) {
                block = blocks.acquire(bytes);
            }
            target = block;
        }
        return block;
    }

    private void note(SSLEngineResult result) {
        if (result.getHandshakeStatus() == HandshakeStatus.FINISHED && !established) {
            established = true;
            version12 = ssl.getSession().getProtocol().equals(TlsVersion.TLS_1_2.standardName());
        }
    }

    // ---- sending

    private void answer(Buffer outgoing) throws SSLException {
        while (ssl.getHandshakeStatus() == HandshakeStatus.NEED_WRAP && wrap(outgoing)) {
            // There may be another message.
        }
    }

    private void answerAfterFailure(Buffer outgoing) {
        try {
            answer(outgoing);
        } catch (SSLException _) {
            // It is what is being told of already.
        }
    }

    /** Has one record of the engine's own queued, if there is one; whether it goes on. */
    private boolean wrap(Buffer outgoing) throws SSLException {
        final ByteBuffer record = scratch.record.clear();
        final SSLEngineResult result = ssl.wrap(NOTHING, record);
        note(result);
        try {
            outgoing.write(record.flip());
        } catch (PoolExhaustedException e) {
            // It cannot be made again.
            throw new SSLException("There is no memory for what TLS has to say", e);
        }
        if (result.getStatus() == Status.CLOSED) {
            outputClosed = true;
            return ssl.getHandshakeStatus() != HandshakeStatus.NEED_WRAP;
        }
        return result.getStatus() == Status.OK;
    }

    @Override
    public int send(Buffer plaintext, Buffer outgoing) throws SSLException {
        final ByteBuffer[] plain = scratch.plain;
        final long wanted = Math.min(MAX_BATCH_BYTES, plaintext.readableBytes());
        int count = 0;
        int bytes = 0;
        for (Block block = plaintext.head(); block != null && bytes < wanted && count < plain.length; ) {
            final int part = (int) Math.min(block.readableBytes(), wanted - bytes);
            if (part > 0) {
                plain[count++] = block.byteBuffer(block.start(), block.start() + part);
                bytes += part;
            }
            block = block.next();
        }
        int encrypted = 0;
        try {
            while (encrypted < bytes) {
                final ByteBuffer record = scratch.record.clear();
                final SSLEngineResult result = ssl.wrap(plain, 0, count, record);
                outgoing.write(record.flip());
                encrypted += result.bytesConsumed();
                if (result.getStatus() != Status.OK) {
                    throw new SSLException(
                            "Nothing can be sent any more: this side has ended, or the peer of TLS 1.2 has");
                }
            }
        } finally {
            Arrays.fill(plain, 0, count, null);
        }
        return encrypted;
    }

    @Override
    public void closeOutput(Buffer outgoing) throws SSLException {
        if (!outputClosed) {
            outputClosed = true;
            ssl.closeOutbound();
            answer(outgoing);
        }
    }

    // ---- what is known

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
        if (taskGiven || ssl.getHandshakeStatus() != HandshakeStatus.NEED_TASK) {
            return Optional.empty();
        }
        taskGiven = true;
        return Optional.of(() -> {
            for (Runnable task = ssl.getDelegatedTask(); task != null; task = ssl.getDelegatedTask()) {
                task.run();
            }
        });
    }

    @Override
    public TlsSession session() {
        final SSLSession session = ssl.getSession();
        final String protocol = ssl.getApplicationProtocol();
        return new TlsSession(
                version12 ? TlsVersion.TLS_1_2 : TlsVersion.TLS_1_3,
                session.getCipherSuite(),
                protocol == null || protocol.isEmpty() ? Optional.empty() : Optional.of(protocol),
                serverName(session),
                peerCertificates(session),
                // What is resumed keeps the time of its first handshake.
                session.getCreationTime() < begunMs,
                context.library());
    }

    private Optional<String> serverName(SSLSession session) {
        final List<SNIServerName> names = ssl.getUseClientMode()
                ? Optional.ofNullable(ssl.getSSLParameters().getServerNames()).orElse(List.of())
                : ((ExtendedSSLSession) session).getRequestedServerNames();
        return names.stream()
                .filter(SNIHostName.class::isInstance)
                .map(name -> ((SNIHostName) name).getAsciiName().toLowerCase(Locale.ROOT))
                .findFirst();
    }

    private static List<X509Certificate> peerCertificates(SSLSession session) {
        try {
            final Certificate[] chain = session.getPeerCertificates();
            return Arrays.stream(chain).map(X509Certificate.class::cast).toList();
        } catch (SSLPeerUnverifiedException _) {
            return List.of();
        }
    }

    @Override
    public void close() {
        // All of it is on the heap.
    }
}
