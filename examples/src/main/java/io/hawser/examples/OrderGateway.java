// SPDX-License-Identifier: Apache-2.0
package io.hawser.examples;

import io.hawser.buffer.Reader;
import io.hawser.buffer.Writer;
import io.hawser.session.Codec;
import io.hawser.session.Codecs;
import io.hawser.session.Correlation;
import io.hawser.session.EventListener;
import io.hawser.session.Heartbeat;
import io.hawser.session.MessageCodec;
import io.hawser.session.Session;
import io.hawser.session.SessionClient;
import io.hawser.session.SessionServer;
import io.hawser.session.Tasks;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;

/**
 * An order gateway: binary messages with their lengths before them. The orders of one session are handled in their order, those of several sessions in
 * parallel, and a peer that is gone without a word is found by heartbeats. A client keeps two sessions open and calls over them.
 */
public final class OrderGateway implements EventListener<OrderGateway.Message> {
    private static final Duration HEARTBEAT = Duration.ofSeconds(10);
    private static final int LONGEST_SYMBOL = 16;

    private OrderGateway() {}

    /** What goes over the wire. */
    public sealed interface Message {
        /**
         * Buy, or sell.
         *
         * @param id chosen by the client, unique among its open ones
         * @param symbol 1 to 16 ASCII letters
         * @param quantity positive to buy, negative to sell
         * @param price in cents, positive
         */
        record Order(long id, String symbol, int quantity, long price) implements Message {}

        /**
         * What has become of an order.
         *
         * @param id the order's
         * @param accepted whether it stands
         * @param reason why not; empty if it does
         */
        record Report(long id, boolean accepted, String reason) implements Message {}

        /** Nothing but a sign of life. */
        record Alive() implements Message {}
    }

    /** A byte for the type, then the fields. */
    private static final class Messages implements MessageCodec<Message> {
        private static final byte ORDER = 1;
        private static final byte REPORT = 2;
        private static final byte ALIVE = 3;

        @Override
        public Message decode(Reader frame) throws IOException {
            return switch (frame.readByte()) {
                case ORDER -> new Message.Order(frame.readLong(), text(frame), frame.readInt(), frame.readLong());
                case REPORT -> new Message.Report(frame.readLong(), frame.readByte() == 1, text(frame));
                case ALIVE -> new Message.Alive();
                default -> throw new IOException("an unknown type of message");
            };
        }

        private static String text(Reader frame) {
            return frame.readString(frame.readUnsignedByte(), StandardCharsets.US_ASCII);
        }

        @Override
        public void encode(Message message, Writer out) {
            switch (message) {
                case Message.Order order -> {
                    out.writeByte(ORDER).writeLong(order.id());
                    text(order.symbol(), out);
                    out.writeInt(order.quantity()).writeLong(order.price());
                }
                case Message.Report report -> {
                    out.writeByte(REPORT).writeLong(report.id()).writeByte(report.accepted() ? 1 : 0);
                    text(report.reason(), out);
                }
                case Message.Alive _ -> out.writeByte(ALIVE);
            }
        }

        private static void text(String text, Writer out) {
            final byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
            if (bytes.length > 255) {
                throw new IllegalArgumentException("A text of " + bytes.length + " bytes; 255 at most");
            }
            out.writeByte(bytes.length).writeBytes(bytes);
        }
    }

    private static Codec<Message> codec() {
        return Codecs.lengthField(4).of(new Messages());
    }

    private static Heartbeat<Message> heartbeat() {
        return Heartbeat.<Message>every(HEARTBEAT, Message.Alive::new).ignoring(Message.Alive.class::isInstance);
    }

    static SessionServer<Message> serve(String address) throws IOException {
        return SessionServer.builder(address, codec())
                .listener(new OrderGateway())
                .tasks(Tasks.ordered())
                .heartbeat(heartbeat())
                .maxMessageBytes(1024)
                .start();
    }

    /** A client, with two sessions that are opened again when they are lost. */
    static SessionClient<Message> client(String address) throws IOException {
        return SessionClient.builder(address, codec())
                .listener((_, _) -> {})
                .sessions(2)
                .correlation(new ById())
                .heartbeat(heartbeat())
                .start();
    }

    /** A report answers the order of the same number. */
    private static final class ById implements Correlation<Message> {
        @Override
        public Object requestKey(Message request) {
            if (request instanceof Message.Order order) {
                return order.id();
            }
            throw new IllegalArgumentException("Only orders are answered: " + request);
        }

        @Override
        public Optional<?> responseKey(Message message) {
            return message instanceof Message.Report report ? Optional.of(report.id()) : Optional.empty();
        }
    }

    @Override
    public void onMessage(Session<Message> session, Message message) {
        if (message instanceof Message.Order order) {
            final String reason = check(order);
            session.send(new Message.Report(order.id(), reason.isEmpty(), reason));
        }
    }

    private static String check(Message.Order order) {
        if (order.symbol().isEmpty() || order.symbol().length() > LONGEST_SYMBOL) {
            return "no such symbol";
        }
        if (order.quantity() == 0) {
            return "nothing to buy or sell";
        }
        return order.price() > 0 ? "" : "the price must be positive";
    }
}
