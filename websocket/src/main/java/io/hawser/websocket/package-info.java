// SPDX-License-Identifier: Apache-2.0
/** WebSocket sessions: RFC 6455 and RFC 7692, server and client. */
@NullMarked
package io.hawser.websocket;

import org.jspecify.annotations.NullMarked;
