// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * The chunks of snappy's framing format (Google's {@code framing_format.txt}): a byte that says what it is, three bytes that say how long, the
 * lowest first, and in a chunk of data four of a checksum.
 */
final class SnappyChunk {
    static final int COMPRESSED = 0x00;
    static final int UNCOMPRESSED = 0x01;
    static final int IDENTIFIER = 0xff;
    /** Those from here to the identifier are skipped, whatever they are; those below are errors. */
    static final int FIRST_SKIPPABLE = 0x80;

    static final int HEADER_BYTES = 4;
    static final int CHECKSUM_BYTES = 4;

    /** The most that a chunk inflates to. */
    static final int MAX_PLAIN_BYTES = 65536;

    private static final int MASK = 0xa282ead8;
    private static final byte[] NAME = {'s', 'N', 'a', 'P', 'p', 'Y'};

    private SnappyChunk() {}

    /** With which every stream begins. */
    static byte[] identifier() {
        return new byte[] {(byte) IDENTIFIER, 6, 0, 0, 's', 'N', 'a', 'P', 'p', 'Y'};
    }

    static boolean isName(byte[] body) {
        return Arrays.equals(body, NAME);
    }

    static int nameBytes() {
        return NAME.length;
    }

    /** The checksum of some bytes; masked, since checksums of what holds checksums are weak. */
    static int checksum(MemorySegment memory, int start, int bytes) {
        final CRC32C crc = new CRC32C();
        crc.update(memory.asSlice(start, bytes).asByteBuffer());
        return Integer.rotateRight((int) crc.getValue(), 15) + MASK;
    }
}
