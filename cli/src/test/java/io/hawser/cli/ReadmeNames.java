// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.buffer.Reader;
import io.hawser.buffer.Writer;
import io.hawser.connection.ConnectionHandler;
import io.hawser.connection.Engine;
import io.hawser.session.Codec;
import io.hawser.session.Codecs;
import io.hawser.session.Correlation;
import io.hawser.session.MessageCodec;
import java.util.Optional;

/** What the programs of the README take for granted. They are compiled as subclasses of this, and not run. */
@SuppressWarnings("unused")
abstract class ReadmeNames {
    Engine engine;
    ConnectionHandler handler;
    Codec<Order> codec = Codecs.lengthField(4).of(new OrderCodec());
    Order order;

    String find(String id) {
        return id;
    }

    String create(String item) {
        return item;
    }

    Order execute(Order what) {
        return what;
    }

    record Order(long id) {
        static Order ping() {
            return new Order(0);
        }

        boolean isPing() {
            return id == 0;
        }
    }

    static final class OrderCodec implements MessageCodec<Order> {
        @Override
        public Order decode(Reader frame) {
            return new Order(frame.readLong());
        }

        @Override
        public void encode(Order message, Writer out) {
            out.writeLong(message.id());
        }
    }

    static final class ById implements Correlation<Order> {
        @Override
        public Object requestKey(Order request) {
            return request.id();
        }

        @Override
        public Optional<?> responseKey(Order message) {
            return Optional.of(message.id());
        }
    }
}
