// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.connection.CloseCause;
import io.hawser.connection.Connection;

/** Who keeps an eye on the sessions of an endpoint, one by one: the client to which they belong. */
interface SessionOwner<M> {
    /** A session is about to be made; whether it may be. If so, {@link #over} follows once, or {@link #stillborn}. The session's loop's thread. */
    boolean begins();

    /** The session that was about to be made could not be: neither {@link #gone} nor {@link #over} follows. The loop's thread. */
    void stillborn(Throwable error);

    /** A connection is made, and its handshake begins: {@link #stillborn} or {@link #opened} follows. The session's loop's thread. */
    void shakesHands(Connection connection);

    /** The listener has agreed. The session's loop's thread. */
    void opened(AbstractSession<M> session);

    /** What is below is gone: the session's own last step. Also where the listener has not agreed. The session's loop's thread, once. */
    void gone(AbstractSession<M> session, CloseCause cause);

    /** Nobody will be called for it any more. Any thread, once. */
    void over();
}
