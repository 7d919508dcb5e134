// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.buffer.BlockPool;
import java.util.List;

/**
 * What {@code tools/fuzz} runs: whatever comes is requests, and at most one refusal at their end, however it is cut; no block is left.
 */
public final class HttpFuzz {
    private static final BlockPool POOL = new BlockPool(64 << 20);

    private HttpFuzz() {}

    /** Called by Jazzer with whatever it thinks of. */
    public static void fuzzerTestOneInput(byte[] input) {
        final List<String> whole = RequestLog.of(POOL, input, () -> input.length);
        final List<String> bytes = RequestLog.of(POOL, input, () -> 1);
        require(whole.equals(bytes), whole + ", and byte by byte " + bytes);
        final List<String> cut = RequestLog.of(POOL, input, () -> 1 + (input[0] & 0x1f));
        require(whole.equals(cut), whole + ", and cut " + cut);
        require(POOL.usedBytes() == 0, "memory was not given back");
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }
}
