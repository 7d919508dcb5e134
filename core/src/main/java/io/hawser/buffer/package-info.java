// SPDX-License-Identifier: Apache-2.0
/**
 * Memory for bytes in flight: blocks from a pool, linked into buffers that are read and written without copying.
 *
 * <p>{@link io.hawser.buffer.BlockPool} cuts long-lived slabs into {@linkplain io.hawser.buffer.Block blocks} under a
 * hard cap; each loop takes them through its own {@link io.hawser.buffer.BlockCache}. A {@link io.hawser.buffer.Buffer}
 * links blocks; it is read through {@link io.hawser.buffer.Reader}, written through {@link io.hawser.buffer.Writer},
 * and hands bytes on as {@link io.hawser.buffer.Slice}s. The package depends on nothing else of Hawser.
 *
 * <p><b>Checked mode</b> ({@code -Dhawser.checked=true}): memory that was handed out and is touched after its time
 * throws, so does a double release; blocks and slices that are never given back are reported with the place that took
 * them.
 */
@NullMarked
package io.hawser.buffer;

import org.jspecify.annotations.NullMarked;
