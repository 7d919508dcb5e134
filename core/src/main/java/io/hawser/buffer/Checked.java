// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

/** Whether the checked mode is on: a constant, so that in the fast mode the compiler leaves the checks out. */
final class Checked {
    static final boolean ON = Boolean.getBoolean("hawser.checked");

    /** What released memory is filled with. */
    static final byte POISON = (byte) 0xDE;

    private Checked() {}
}
