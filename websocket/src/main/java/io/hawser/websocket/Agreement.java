// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import io.hawser.http.Headers;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the handshake of a session has come to.
 *
 * @param path of the request, as it was sent
 * @param query what stands behind the question mark
 * @param headers of the request, on a server; of the response, on a client
 * @param subprotocol empty for none
 * @param deflation null for none
 */
record Agreement(
        boolean isServer,
        String path,
        Optional<String> query,
        Headers headers,
        Optional<String> subprotocol,
        @Nullable Deflation deflation) {}
