// SPDX-License-Identifier: Apache-2.0
package io.hawser.proxy;

import java.io.IOException;

/** A connection did not begin with the PROXY header that it has to begin with. */
public final class ProxyProtocolException extends IOException {
    private static final long serialVersionUID = 1;

    /** @param message what was wrong, without what the peer sent */
    public ProxyProtocolException(String message) {
        super(message);
    }
}
