// SPDX-License-Identifier: Apache-2.0
/** Messages of Protocol Buffers: {@link io.hawser.protobuf.Protobuf}. */
@NullMarked
package io.hawser.protobuf;

import org.jspecify.annotations.NullMarked;
