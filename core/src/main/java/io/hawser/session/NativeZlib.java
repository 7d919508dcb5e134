// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/** The JDK's zlib, whose native memory is counted: what is not ended in time would wait for the garbage collector. */
final class NativeZlib {
    static final ByteBuffer EMPTY = ByteBuffer.allocate(0);

    private static final AtomicInteger LIVE = new AtomicInteger();

    private NativeZlib() {}

    static Deflater newDeflater(int level) {
        final Deflater deflater = new Deflater(level, true);
        LIVE.getAndIncrement();
        return deflater;
    }

    static Inflater newInflater() {
        final Inflater inflater = new Inflater(true);
        LIVE.getAndIncrement();
        return inflater;
    }

    static void end(Deflater deflater) {
        deflater.end();
        LIVE.getAndDecrement();
    }

    static void end(Inflater inflater) {
        inflater.end();
        LIVE.getAndDecrement();
    }

    /** How many have been made and not ended. */
    static int live() {
        return LIVE.get();
    }
}
