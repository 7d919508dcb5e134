// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.BlockSource;

/**
 * What a codec is told of the session that it is for.
 *
 * @param maxMessageBytes the most bytes that a message may have, in either direction, all that frames it included, and no less what it
 *     inflates to; positive
 * @param blocks memory for buffers of the codec's own; on the session's loop only
 */
public record CodecContext(int maxMessageBytes, BlockSource blocks) {}
