// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetSocket;
import io.vertx.core.parsetools.RecordParser;

/** Decodes frames by a {@code RecordParser} that expects a length and a body in turn, and sends each back. One for each connection. */
final class VertxFrames {
    private static final int NONE = -1;

    private final NetSocket socket;
    private final RecordParser parser;
    private int length = NONE;

    private VertxFrames(NetSocket socket) {
        this.socket = socket;
        this.parser = RecordParser.newFixed(Settings.PREFIX, socket);
    }

    static void serve(NetSocket socket) {
        final VertxFrames frames = new VertxFrames(socket);
        frames.parser.handler(frames::onRecord).endHandler(_ -> frames.end()).exceptionHandler(_ -> socket.close());
    }

    private void onRecord(Buffer record) {
        if (length != NONE) {
            length = NONE;
            parser.fixedSizeMode(Settings.PREFIX);
            onFrame(record);
            return;
        }
        final int announced = record.getInt(0);
        if (announced < 0 || announced > Settings.MAX_FRAME) {
            final var unused = socket.close();
        } else if (announced == 0) {
            // The parser has no records without a byte.
            onFrame(Buffer.buffer());
        } else {
            length = announced;
            parser.fixedSizeMode(announced);
        }
    }

    private void onFrame(Buffer frame) {
        final var unused = socket.write(Buffer.buffer(Settings.PREFIX + frame.length())
                .appendInt(frame.length())
                .appendBuffer(frame));
        if (socket.writeQueueFull()) {
            parser.pause();
            socket.drainHandler(_ -> parser.resume());
        }
    }

    private void end() {
        final var unused = socket.end();
    }
}
