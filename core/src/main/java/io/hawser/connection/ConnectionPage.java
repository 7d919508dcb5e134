// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import java.util.List;

/**
 * What {@link Engine#connections} answers.
 *
 * @param total how many connections there are
 * @param matching how many of them pass the filter
 * @param connections the page that was asked for
 */
public record ConnectionPage(long total, long matching, List<ConnectionSnapshot> connections) {
    /** Copies the list. */
    public ConnectionPage {
        connections = List.copyOf(connections);
    }
}
