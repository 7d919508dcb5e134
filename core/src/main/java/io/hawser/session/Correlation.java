// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import java.util.Optional;

/**
 * Which response belongs to which request. Any thread, several at once.
 *
 * @param <M> the type of messages
 */
public interface Correlation<M> {
    /**
     * What the response to {@code request} will be known by.
     *
     * @return unequal to that of any request of the session that still waits
     */
    Object requestKey(M request);

    /** What {@code message} is the response to; empty if it is none, and the listener's. */
    Optional<?> responseKey(M message);
}
