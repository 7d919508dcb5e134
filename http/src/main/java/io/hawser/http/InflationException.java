// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.io.IOException;

/** Compressed content becomes larger than it may. */
public final class InflationException extends IOException {
    private static final long serialVersionUID = 1;

    InflationException(String message) {
        super(message);
    }
}
