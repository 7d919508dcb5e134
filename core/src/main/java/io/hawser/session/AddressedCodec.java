// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Reader;
import io.hawser.buffer.Writer;
import io.hawser.transport.PeerAddress;
import java.net.InetSocketAddress;

/** Puts the address of the sender to what another codec decodes. */
final class AddressedCodec<M> implements Codec<Addressed<M>> {
    private final Codec<M> messages;
    private PeerAddress sender = new PeerAddress();
    private InetSocketAddress senderAddress = sender.toSocketAddress();

    AddressedCodec(Codec<M> messages) {
        this.messages = messages;
    }

    /** Who has sent what is decoded from now on. */
    void from(PeerAddress peer) {
        // Mostly the same one again, and its address costs some objects.
        if (!sender.equals(peer)) {
            sender = peer.copy();
            senderAddress = sender.toSocketAddress();
        }
    }

    @Override
    public Codec<Addressed<M>> forSession(CodecContext context) {
        return new AddressedCodec<>(messages.forSession(context));
    }

    @Override
    public Decoded<Addressed<M>> decode(Reader in) throws Exception {
        return switch (messages.decode(in)) {
            case Decoded.Message<M>(M message) -> Decoded.message(new Addressed<>(message, senderAddress));
            case Decoded.NeedMore<M> _ -> Decoded.needMore();
            case Decoded.Need<M>(long bytes) -> Decoded.need(bytes);
            case Decoded.Malformed<M>(String reason) -> Decoded.malformed(reason);
        };
    }

    @Override
    public void encode(Addressed<M> message, Writer out) throws Exception {
        messages.encode(message.message(), out);
    }

    @Override
    public boolean isOrdered() {
        return messages.isOrdered();
    }

    @Override
    public boolean hasBuffered() {
        return messages.hasBuffered();
    }

    @Override
    public boolean isTransient() {
        return messages.isTransient();
    }

    @Override
    public void delivered(Reader in) {
        messages.delivered(in);
    }

    @Override
    public void discard(Addressed<M> message) {
        messages.discard(message.message());
    }

    @Override
    public void close() {
        messages.close();
    }

    @Override
    public String toString() {
        return messages + " with their peers";
    }
}
