// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

/** Why a session was closed, as RFC 6455, 7.4.1 and IANA's registry number it. */
public final class CloseCodes {
    /** All is done. */
    public static final int NORMAL = 1000;
    /** The server shuts down, or the page is left. */
    public static final int GOING_AWAY = 1001;
    /** The peer has broken the protocol. */
    public static final int PROTOCOL_ERROR = 1002;
    /** A kind of message came that is not accepted. */
    public static final int UNSUPPORTED = 1003;
    /** No code was given; never sent. */
    public static final int NONE = 1005;
    /** The connection ended without a goodbye; never sent. */
    public static final int ABNORMAL = 1006;
    /** What came is not what it says it is: text that is no UTF-8. */
    public static final int INVALID_DATA = 1007;
    /** A rule of the receiver's own was broken. */
    public static final int POLICY = 1008;
    /** A message was too long. */
    public static final int TOO_LONG = 1009;
    /** The receiver has failed. */
    public static final int INTERNAL_ERROR = 1011;

    private CloseCodes() {}

    /** Whether a close frame may carry {@code code}: those that are defined for it, and 3000 to 4999. */
    public static boolean isSendable(int code) {
        return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
    }
}
