// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.tls.TlsSession;
import java.time.Duration;
import java.util.Optional;

/**
 * How a connection was at one moment of its loop; {@link Engine#connections} gives them.
 *
 * @param id as {@link Connection#id()}
 * @param loop the name of its loop
 * @param handler what serves it: the simple name of the handler's class
 * @param local the address of this side as text, {@code 127.0.0.1:7000} or the path of a unix socket; empty where there is none
 * @param peer the address of the other side, likewise
 * @param dialled whether this side has made the connection
 * @param state what it is at
 * @param tls what TLS has agreed on, as {@link Connection#tls()}; empty without TLS, and during its handshake
 * @param bytesIn what was received, as the handler sees it, in bytes: what TLS adds is not counted
 * @param bytesOut what was sent, likewise
 * @param pendingBytes what was written and the operating system has not taken, as {@link Connection#pendingBytes()}
 * @param unreadBytes what was received and the handler has not read; in the blocking style without what lies ready for its thread
 * @param age the time since it was accepted, adopted or dialled, to some 20 ms
 * @param idle the time since something was received or taken; only known where it has a timeout
 */
public record ConnectionSnapshot(
        long id,
        String loop,
        String handler,
        String local,
        String peer,
        boolean dialled,
        State state,
        Optional<TlsSession> tls,
        long bytesIn,
        long bytesOut,
        long pendingBytes,
        long unreadBytes,
        Duration age,
        Optional<Duration> idle) {
    /** What a connection is at. */
    public enum State {
        /** The dial is under way, or the handler is asked whether it wants it. */
        CONNECTING,
        /** Bytes go both ways. */
        OPEN,
        /** Its handler has paused it. */
        PAUSED,
        /** Too much is pending, so that nothing is received: the peer does not read. */
        CONGESTED,
        /** The peer has sent FIN. */
        PEER_ENDED,
        /** It is being closed: what is pending is sent. */
        FLUSHING,
        /** It is being closed: all is sent, and the peer's FIN is waited for. */
        LINGERING,
        /** It is being taken out of the engine. */
        DETACHING,
        /** It is closed, and the operating system is asked for its buffers. */
        CLOSED
    }

    /** Whether {@code text} occurs, in whatever case, in its number, an address, its handler, its loop, its state, or what TLS has agreed on. */
    public boolean matches(String text) {
        return text.isEmpty()
                || contains(peer, text)
                || contains(local, text)
                || contains(handler, text)
                || contains(loop, text)
                || contains(state.name(), text)
                || contains(tlsText(), text)
                || contains(Long.toString(id), text);
    }

    /** The version, the suite and the protocol on top, such as {@code TLSv1.3 TLS_AES_128_GCM_SHA256 http/1.1}; empty without TLS. */
    public String tlsText() {
        return tls.map(agreed -> agreed.version().standardName() + " " + agreed.cipherSuite()
                        + agreed.applicationProtocol().map(name -> " " + name).orElse(""))
                .orElse("");
    }

    private static boolean contains(String where, String what) {
        for (int i = 0; i + what.length() <= where.length(); i++) {
            if (where.regionMatches(true, i, what, 0, what.length())) {
                return true;
            }
        }
        return false;
    }
}
