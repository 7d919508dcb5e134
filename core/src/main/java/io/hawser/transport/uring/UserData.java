// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.uring;

/**
 * What an operation is known by in the ring: which handle, and which of its operations.
 *
 * <pre>
 *  bits 0..31 slot of the handle | 32..39 operation
 * </pre>
 *
 * <p>No generation is needed: a slot is reused only after every operation of its last owner has completed.
 */
final class UserData {
    static final int ACCEPT = 1;
    static final int RECEIVE = 2;
    static final int SEND = 3;
    static final int CONNECT = 4;
    static final int CANCEL = 5;
    static final int WAKEUP = 6;
    static final int WRITABLE = 7;

    private UserData() {}

    static long of(int slot, int operation) {
        return (long) operation << 32 | slot;
    }

    static int slot(long userData) {
        return (int) userData;
    }

    static int operation(long userData) {
        return (int) (userData >>> 32);
    }
}
