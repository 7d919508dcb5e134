// SPDX-License-Identifier: Apache-2.0
package io.hawser.proxy;

import java.nio.ByteBuffer;

/** What {@code tools/fuzz} runs: whatever comes, however it is cut, is the same header or the same refusal, and nothing behind it is taken. */
public final class ProxyFuzz {
    private static final int MOST_BYTES = 1024;

    private ProxyFuzz() {}

    /** Called by Jazzer with whatever it thinks of. */
    public static void fuzzerTestOneInput(byte[] input) {
        final String whole = outcome(input, input.length, MOST_BYTES);
        for (int piece : new int[] {1, 3, 17}) {
            final String cut = outcome(input, piece, MOST_BYTES);
            if (!whole.equals(cut)) {
                throw new AssertionError(whole + ", and cut " + cut);
            }
        }
    }

    /** What becomes of the bytes, given in pieces. */
    static String outcome(byte[] bytes, int piece, int mostBytes) {
        final ProxyDecoder decoder = new ProxyDecoder(mostBytes);
        int at = 0;
        try {
            while (at < bytes.length && decoder.header().isEmpty()) {
                at += decoder.take(ByteBuffer.wrap(bytes, at, Math.min(piece, bytes.length - at)));
            }
        } catch (ProxyProtocolException e) {
            return String.valueOf(e.getMessage());
        }
        if (at > mostBytes) {
            throw new AssertionError("A header of " + at + " bytes");
        }
        return at + " " + decoder.header() + decoder.header().map(ProxyHeader::tlvs);
    }
}
