// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.tls.TlsIdentity;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/** A client by the JDK's blocking sockets. */
final class SslPeer implements AutoCloseable {
    private final SSLSocket socket;

    private SslPeer(SSLSocket socket) {
        this.socket = socket;
    }

    /** What a client trusts, and who it is; sessions are kept with it. */
    static SSLContext context(X509Certificate root, Optional<TlsIdentity> identity)
            throws GeneralSecurityException, IOException {
        final KeyStore roots = KeyStore.getInstance("PKCS12");
        roots.load(null, null);
        roots.setCertificateEntry("root", root);
        final TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(roots);
        final KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, null);
        if (identity.isPresent()) {
            keys.setKeyEntry(
                    "key",
                    identity.get().key(),
                    new char[0],
                    identity.get().chain().toArray(X509Certificate[]::new));
        }
        final KeyManagerFactory key = KeyManagerFactory.getInstance("PKIX");
        key.init(keys, new char[0]);
        final SSLContext context = SSLContext.getInstance("TLS");
        context.init(key.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    static SslPeer connect(SSLContext context, Server server, Consumer<SSLParameters> setUp) throws IOException {
        return start(
                (SSLSocket) context.getSocketFactory()
                        .createSocket("127.0.0.1", server.address().port()),
                setUp);
    }

    /** Over a socket that the caller keeps, too. */
    static SslPeer over(SSLContext context, Socket below, Consumer<SSLParameters> setUp) throws IOException {
        return start(
                (SSLSocket) context.getSocketFactory().createSocket(below, "127.0.0.1", below.getPort(), false), setUp);
    }

    private static SslPeer start(SSLSocket socket, Consumer<SSLParameters> setUp) throws IOException {
        socket.setSoTimeout((int) EngineFixture.PATIENCE.toMillis());
        final SSLParameters parameters = socket.getSSLParameters();
        setUp.accept(parameters);
        socket.setSSLParameters(parameters);
        try {
            socket.startHandshake();
        } catch (IOException e) {
            socket.close();
            throw e;
        }
        return new SslPeer(socket);
    }

    static Consumer<SSLParameters> protocols(String... names) {
        return parameters -> parameters.setProtocols(names);
    }

    SSLSocket socket() {
        return socket;
    }

    List<java.security.cert.Certificate> certificates() throws IOException {
        return List.of(socket.getSession().getPeerCertificates());
    }

    SslPeer send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        return this;
    }

    SslPeer send(String text) throws IOException {
        return send(text.getBytes(StandardCharsets.UTF_8));
    }

    byte[] receive(int bytes) throws IOException {
        final byte[] received = socket.getInputStream().readNBytes(bytes);
        if (received.length < bytes) {
            throw new EOFException("An end after " + received.length + " bytes");
        }
        return received;
    }

    String receiveText(int bytes) throws IOException {
        return new String(receive(bytes), StandardCharsets.UTF_8);
    }

    /** Fails unless a close_notify comes. */
    void expectEnd() throws IOException {
        if (socket.getInputStream().read() >= 0) {
            throw new IOException("There is more");
        }
    }

    /** Fails unless an alert comes. */
    void expectFailure(String alert) throws IOException {
        try {
            socket.getInputStream().read();
        } catch (IOException e) {
            if (String.valueOf(e.getMessage()).contains(alert)) {
                return;
            }
            throw e;
        }
        throw new IOException("No alert came");
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
