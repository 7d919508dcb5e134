// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import java.nio.ByteBuffer;

/**
 * What {@link JdkEngine} needs of memory during a call, one for all engines of a thread: on the heap, since the JDK's ciphers copy what is
 * not there to there and back.
 */
final class JdkScratch {
    private static final ThreadLocal<JdkScratch> OF_THREAD = ThreadLocal.withInitial(JdkScratch::new);

    /** More than the JDK's packet buffer, which is a record with what the oldest suites add. */
    static final int RECORD_BYTES = 20 * 1024;

    /** One record that has come. */
    final byte[] received = new byte[RECORD_BYTES];

    final ByteBuffer source = ByteBuffer.wrap(received);
    /** One record to be sent. */
    final ByteBuffer record = ByteBuffer.allocate(RECORD_BYTES);
    /** The blocks to be encrypted. */
    final ByteBuffer[] plain = new ByteBuffer[64];

    private JdkScratch() {}

    static JdkScratch ofThread() {
        return OF_THREAD.get();
    }
}
