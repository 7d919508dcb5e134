// SPDX-License-Identifier: Apache-2.0
/** Messages of Protocol Buffers. */
module io.hawser.protobuf {
    requires static org.jspecify;
    requires transitive io.hawser;
    // Not transitive: it is an automatic module, and who has messages requires it anyway.
    requires com.google.protobuf;

    exports io.hawser.protobuf;
}
