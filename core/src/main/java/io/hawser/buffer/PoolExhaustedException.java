// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

/**
 * The cap on buffer memory is reached: nothing was taken, and it is worth trying again when connections have drained.
 */
public final class PoolExhaustedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    PoolExhaustedException(int wantedBytes, long reservedBytes, long capBytes) {
        super("No block of " + wantedBytes + " bytes: " + reservedBytes + " bytes are reserved of at most " + capBytes);
    }
}
