// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import java.security.SecureRandom;
import java.util.function.Supplier;

/** Keys that a peer, and who writes the messages, cannot foresee (RFC 6455, 10.3). One for each thread. */
final class MaskKeys {
    private static final int STOCK = 256;
    private static final ThreadLocal<MaskKeys> KEYS = ThreadLocal.withInitial((Supplier<MaskKeys>) MaskKeys::new);

    private final SecureRandom random = new SecureRandom();
    private final byte[] stock = new byte[STOCK];
    private int at = STOCK;

    private MaskKeys() {}

    static int next() {
        return KEYS.get().take();
    }

    private int take() {
        if (at == STOCK) {
            random.nextBytes(stock);
            at = 0;
        }
        int key = 0;
        for (int i = 0; i < Integer.BYTES; i++) {
            key = (key << 8) | (stock[at++] & 0xff);
        }
        return key;
    }
}
