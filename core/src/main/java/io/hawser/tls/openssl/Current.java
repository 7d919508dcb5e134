// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls.openssl;

import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

/** Which connection the thread is calling OpenSSL for, so that what OpenSSL calls finds it; and a few bytes for what it answers. */
final class Current {
    private static final ThreadLocal<Current> OF_THREAD = ThreadLocal.withInitial(Current::new);

    private final Arena life = Arena.ofAuto();

    /** The address of two {@code long}s, to be read before anything else is called. */
    final long scratch = life.allocate(2L * Long.BYTES, Long.BYTES).address();

    @Nullable
    SslConnection connection;

    private Current() {}

    static Current ofThread() {
        return OF_THREAD.get();
    }
}
