// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

/** What happens when a handler in the loop writes more than {@link Limits#outboundBytes()} allows. */
public enum OverflowPolicy {
    /** The write throws {@link io.hawser.buffer.BufferFullException} and has written nothing; the handler decides. */
    FAIL,
    /** The same, and the connection is closed with {@link CloseCause.Kind#LIMIT}. */
    CLOSE
}
