// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

/** No delimiter stands within the greatest length allowed; nothing was consumed. */
public final class DelimiterNotFoundException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    DelimiterNotFoundException(byte delimiter, int maxLength) {
        super("No delimiter " + (delimiter & 0xff) + " within " + maxLength + " bytes");
    }
}
