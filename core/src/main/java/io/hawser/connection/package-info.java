// SPDX-License-Identifier: Apache-2.0
/**
 * Connections, and how they are made: an {@link io.hawser.connection.Engine} runs the loops, a {@link io.hawser.connection.Server}
 * listens, {@link io.hawser.connection.Engine#dial} connects, and a {@link io.hawser.connection.ConnectionHandler} is called with
 * what happens on each {@link io.hawser.connection.Connection}. UDP has no connections: an engine binds a
 * {@link io.hawser.connection.DatagramServer}, or a {@link io.hawser.connection.DatagramEndpoint} that talks with one peer, and a
 * {@link io.hawser.connection.DatagramHandler} is called with each {@link io.hawser.connection.Datagram}.
 */
@NullMarked
package io.hawser.connection;

import org.jspecify.annotations.NullMarked;
