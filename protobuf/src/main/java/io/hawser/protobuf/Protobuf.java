// SPDX-License-Identifier: Apache-2.0
package io.hawser.protobuf;

import com.google.protobuf.ExtensionRegistryLite;
import com.google.protobuf.MessageLite;
import io.hawser.session.Codec;
import io.hawser.session.Codecs;
import io.hawser.session.MessageCodec;

/**
 * Messages of Protocol Buffers: {@link #delimited} each with its length before it as a varint, as {@code writeDelimitedTo} does it; {@link #messages}
 * in frames of whatever kind.
 *
 * <pre>{@code
 * Codec<Order> orders = Protobuf.delimited(Order.getDefaultInstance());
 * }</pre>
 *
 * <p>What is read may nest {@value #MAX_DEPTH} deep; what nests deeper, or is no message, is malformed. How long it may be is the session's affair.
 */
public final class Protobuf {
    /** How deep what is read may nest; also what other implementations allow. */
    public static final int MAX_DEPTH = 100;

    private Protobuf() {}

    /**
     * Messages with their length before them.
     *
     * @param type any instance of the type, such as its {@code getDefaultInstance()}
     */
    public static <M extends MessageLite> Codec<M> delimited(M type) {
        return Codecs.varintLength().of(messages(type));
    }

    /** Messages for frames of another kind, without extensions. */
    public static <M extends MessageLite> MessageCodec<M> messages(M type) {
        return messages(type, ExtensionRegistryLite.getEmptyRegistry());
    }

    /** Messages for frames of another kind. */
    public static <M extends MessageLite> MessageCodec<M> messages(M type, ExtensionRegistryLite extensions) {
        return new ProtobufMessages<>(type, extensions.getUnmodifiable());
    }
}
