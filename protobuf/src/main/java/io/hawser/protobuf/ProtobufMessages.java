// SPDX-License-Identifier: Apache-2.0
package io.hawser.protobuf;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.ExtensionRegistryLite;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.hawser.buffer.BlockPool;
import io.hawser.buffer.Reader;
import io.hawser.buffer.Writer;
import io.hawser.session.MessageCodec;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** One message. */
final class ProtobufMessages<M extends MessageLite> implements MessageCodec<M> {
    private final Parser<M> parser;
    private final ExtensionRegistryLite extensions;
    private final String name;

    @SuppressWarnings("unchecked") // a message's parser makes messages of its own type
    ProtobufMessages(M type, ExtensionRegistryLite extensions) {
        this.parser = (Parser<M>) type.getParserForType();
        this.extensions = extensions;
        this.name = type.getClass().getName();
    }

    @Override
    public M decode(Reader frame) throws IOException {
        final long bytes = frame.readableBytes();
        // Its strings and byte strings are copies, so that the message outlives the memory.
        final CodedInputStream in = bytes <= BlockPool.MAX_BLOCK_BYTES
                ? CodedInputStream.newInstance(frame.next((int) bytes).asByteBuffer())
                : CodedInputStream.newInstance(frame.inputStream());
        in.setRecursionLimit(Protobuf.MAX_DEPTH);
        final M message = parser.parseFrom(in, extensions);
        // Else the end of a group that was not begun would end it.
        in.checkLastTagWas(0);
        return message;
    }

    @Override
    public void encode(M message, Writer out) throws IOException {
        final int bytes = message.getSerializedSize();
        if (bytes > BlockPool.MAX_BLOCK_BYTES) {
            final CodedOutputStream stream = CodedOutputStream.newInstance(out.outputStream());
            message.writeTo(stream);
            stream.flush();
        } else if (bytes > 0) {
            final MemorySegment room = out.reserve(bytes);
            final CodedOutputStream target = CodedOutputStream.newInstance(room.asByteBuffer());
            message.writeTo(target);
            target.checkNoSpaceLeft();
        }
    }

    @Override
    public long encodedBytes(M message) {
        return message.getSerializedSize();
    }

    @Override
    public String toString() {
        return "protobuf of " + name;
    }
}
