// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

/**
 * What a peer may drive in a WebSocket session, besides the bytes of a message, which {@code maxMessageBytes} of the endpoint bounds, inflated and
 * framed. Immutable; start from {@link #DEFAULT}.
 *
 * @param frameBytes the most bytes of one frame of data; a longer one is refused by its header, with 1009. Default as a message
 * @param fragments the most frames that one message may come in, empty ones included; more are refused with 1008. Default 8,192
 * @param controlFramesPerSecond the most pings and pongs in a second; more are refused with 1008. Default 1,000
 * @param handshakeBytes the most bytes of the request or response that opens a session. Default 16 KiB
 * @param handshakeFields the most header fields of it. Default 100
 */
public record WebSocketLimits(
        int frameBytes, int fragments, int controlFramesPerSecond, int handshakeBytes, int handshakeFields) {
    /** The defaults as given above. */
    public static final WebSocketLimits DEFAULT = new WebSocketLimits(Integer.MAX_VALUE, 8192, 1000, 16 * 1024, 100);

    /** Checks that all are positive. */
    public WebSocketLimits {
        if (frameBytes < 1
                || fragments < 1
                || controlFramesPerSecond < 1
                || handshakeBytes < 1
                || handshakeFields < 1) {
            throw new IllegalArgumentException("Limits must be positive");
        }
    }

    /** As this, with another bound on a frame. */
    public WebSocketLimits withFrameBytes(int bytes) {
        return new WebSocketLimits(bytes, fragments, controlFramesPerSecond, handshakeBytes, handshakeFields);
    }

    /** As this, with another bound on the frames of a message. */
    public WebSocketLimits withFragments(int count) {
        return new WebSocketLimits(frameBytes, count, controlFramesPerSecond, handshakeBytes, handshakeFields);
    }

    /** As this, with another bound on pings and pongs. */
    public WebSocketLimits withControlFramesPerSecond(int count) {
        return new WebSocketLimits(frameBytes, fragments, count, handshakeBytes, handshakeFields);
    }

    /** As this, with another bound on the bytes of a handshake. */
    public WebSocketLimits withHandshakeBytes(int bytes) {
        return new WebSocketLimits(frameBytes, fragments, controlFramesPerSecond, bytes, handshakeFields);
    }

    /** As this, with another bound on the fields of a handshake. */
    public WebSocketLimits withHandshakeFields(int count) {
        return new WebSocketLimits(frameBytes, fragments, controlFramesPerSecond, handshakeBytes, count);
    }
}
