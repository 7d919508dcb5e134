// SPDX-License-Identifier: Apache-2.0
/**
 * Connections, and how they are made: an {@link io.hawser.connection.Engine} runs the loops, a {@link io.hawser.connection.Server}
 * listens, {@link io.hawser.connection.Engine#dial} connects, and a {@link io.hawser.connection.ConnectionHandler} is called with
 * what happens on each {@link io.hawser.connection.Connection}.
 */
@NullMarked
package io.hawser.connection;

import org.jspecify.annotations.NullMarked;
