// SPDX-License-Identifier: Apache-2.0
package io.hawser.proxy;

/** The two forms of the header. */
public enum ProxyVersion {
    /** A line of text, for TCP over IPv4 and IPv6. */
    V1,
    /** Binary, for all kinds of addresses, and with more about the client in {@link ProxyTlv TLVs}. */
    V2
}
