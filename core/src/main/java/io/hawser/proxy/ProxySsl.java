// SPDX-License-Identifier: Apache-2.0
package io.hawser.proxy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * What a proxy says about the TLS between the client and itself ({@code PP2_TYPE_SSL}). Immutable.
 *
 * @param clientFlags {@link #OVER_TLS}, {@link #CERTIFICATE_IN_CONNECTION}, {@link #CERTIFICATE_IN_SESSION}
 * @param verified whether the client has shown a certificate, and the proxy has verified it
 * @param fields what it says besides, by the types below
 */
public record ProxySsl(int clientFlags, boolean verified, List<ProxyTlv> fields) {
    /** {@code PP2_CLIENT_SSL}: the client has connected over TLS. */
    public static final int OVER_TLS = 0x01;
    /** {@code PP2_CLIENT_CERT_CONN}: it has shown a certificate in this connection. */
    public static final int CERTIFICATE_IN_CONNECTION = 0x02;
    /** {@code PP2_CLIENT_CERT_SESS}: it has shown one in the session of TLS that this connection resumes. */
    public static final int CERTIFICATE_IN_SESSION = 0x04;

    /** {@code PP2_SUBTYPE_SSL_VERSION}: the version of TLS; US-ASCII. */
    public static final int VERSION = 0x21;
    /** {@code PP2_SUBTYPE_SSL_CN}: the common name of the client's certificate; UTF-8. */
    public static final int COMMON_NAME = 0x22;
    /** {@code PP2_SUBTYPE_SSL_CIPHER}: the cipher suite; US-ASCII. */
    public static final int CIPHER = 0x23;
    /** {@code PP2_SUBTYPE_SSL_SIG_ALG}: how the certificate is signed; US-ASCII. */
    public static final int SIGNATURE_ALGORITHM = 0x24;
    /** {@code PP2_SUBTYPE_SSL_KEY_ALG}: the kind of the certificate's key; US-ASCII. */
    public static final int KEY_ALGORITHM = 0x25;

    static final int FIXED_BYTES = 5;

    /** Copies the list. */
    public ProxySsl {
        fields = List.copyOf(fields);
    }

    /** Whether the client has connected over TLS. */
    public boolean isOverTls() {
        return (clientFlags & OVER_TLS) != 0;
    }

    /** The text of the field with this type, if there is one. */
    public Optional<String> text(int type) {
        return fields.stream()
                .filter(field -> field.type() == type)
                .map(field -> new String(field.value(), StandardCharsets.UTF_8))
                .findFirst();
    }

    /** As a field of a header. */
    public ProxyTlv toTlv() {
        final ByteBuffer value = ByteBuffer.allocate(FIXED_BYTES + ProxyEncoder.length(fields));
        value.put((byte) clientFlags).putInt(verified ? 0 : 1);
        ProxyEncoder.put(value, fields);
        return new ProxyTlv(ProxyTlv.SSL, value.array());
    }
}
