// SPDX-License-Identifier: Apache-2.0
/** WebSocket sessions. */
@NullMarked
package io.hawser.websocket;

import org.jspecify.annotations.NullMarked;
