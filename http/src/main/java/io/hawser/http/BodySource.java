// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.io.IOException;
import java.io.OutputStream;

/** Writes the body of a request that a {@link HttpClient} sends. */
@FunctionalInterface
public interface BodySource {
    /**
     * Writes the whole body. On the thread that sends; a write waits while the server takes nothing. {@code out} need not be closed; its {@code flush()}
     * sends what was written so far.
     *
     * @throws IOException which ends the exchange and its connection
     */
    void write(OutputStream out) throws IOException;
}
