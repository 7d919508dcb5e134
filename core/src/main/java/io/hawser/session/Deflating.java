// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Block;
import io.hawser.buffer.Buffer;
import java.util.zip.Deflater;

/** Gives a buffer to zlib, block by block, where it lies. */
final class Deflating {
    private Deflating() {}

    /** All of {@code plain}, which is consumed; what comes of it may be kept until the deflater is flushed. */
    static void all(Buffer plain, Deflater deflater, BlockFiller filler) {
        for (Block block = plain.head(); block != null; block = plain.head()) {
            final int there = block.readableBytes();
            deflater.setInput(block.byteBuffer(block.start(), block.end()));
            while (!deflater.needsInput()) {
                filler.filled(deflater.deflate(filler.next()));
            }
            plain.skip(there);
        }
        deflater.setInput(NativeZlib.EMPTY);
    }
}
