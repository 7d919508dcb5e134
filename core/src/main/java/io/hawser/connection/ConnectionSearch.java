// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Looks for the connection with a number. */
final class ConnectionSearch extends ConnectionWalk<Optional<Connection>> {
    private final long id;
    private @Nullable Connection found;

    ConnectionSearch(LoopConnections home, long id) {
        super(home);
        this.id = id;
    }

    @Override
    boolean visit(StreamConnection connection, long ageNs) {
        if (connection.id() == id) {
            found = connection;
        }
        return found == null;
    }

    @Override
    Optional<Connection> found() {
        return Optional.ofNullable(found);
    }
}
