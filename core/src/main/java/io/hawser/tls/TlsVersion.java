// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

/** Versions of the protocol; older ones are not spoken. */
public enum TlsVersion {
    /** RFC 5246. */
    TLS_1_2("TLSv1.2"),
    /** RFC 8446. */
    TLS_1_3("TLSv1.3");

    private final String standardName;

    TlsVersion(String standardName) {
        this.standardName = standardName;
    }

    /** The name by which the JDK and OpenSSL know it, such as {@code TLSv1.3}. */
    public String standardName() {
        return standardName;
    }
}
