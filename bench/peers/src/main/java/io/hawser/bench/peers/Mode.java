// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import java.util.Locale;

/** What a peer does with what comes. */
enum Mode {
    /** TCP: the bytes go back as they come. */
    ECHO,
    /** TCP: frames of a length of 4 bytes, big-endian, and as many bytes; each is decoded, handed to a handler, and encoded. */
    FRAMED,
    /** UDP: each datagram goes back to where it came from. */
    UDP;

    /** The name on the command line. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
