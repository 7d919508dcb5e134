// SPDX-License-Identifier: Apache-2.0
/**
 * What stands between a socket and its connection: a {@link io.hawser.stage.Stage} is the sink of the one and the socket of the other. It
 * may change the bytes, as TLS does, or take some of them for itself, as a header at the start does, and it says when the connection opens.
 */
@NullMarked
package io.hawser.stage;

import org.jspecify.annotations.NullMarked;
