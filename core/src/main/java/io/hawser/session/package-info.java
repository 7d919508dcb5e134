// SPDX-License-Identifier: Apache-2.0
/**
 * Messages instead of bytes: a {@link io.hawser.session.Codec} cuts the stream, an {@link io.hawser.session.EventListener} is told, a
 * {@link io.hawser.session.Session} sends. Servers are made with {@link io.hawser.session.SessionServer}, clients with
 * {@link io.hawser.session.SessionClient}.
 */
@NullMarked
package io.hawser.session;

import org.jspecify.annotations.NullMarked;
