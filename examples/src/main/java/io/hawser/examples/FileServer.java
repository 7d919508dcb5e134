// SPDX-License-Identifier: Apache-2.0
package io.hawser.examples;

import io.hawser.buffer.Reader;
import io.hawser.buffer.Writer;
import io.hawser.session.Codec;
import io.hawser.session.CodecContext;
import io.hawser.session.Codecs;
import io.hawser.session.Decoded;
import io.hawser.session.EventListener;
import io.hawser.session.Session;
import io.hawser.session.SessionServer;
import io.hawser.session.Tasks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Serves files: a line {@code GET path} is answered by a line {@code OK size} and the bytes, or by {@code ERR reason}.
 *
 * <p>The listener blocks on a virtual thread: it reads the next piece of a file when the client has taken enough of the last one, so a slow client costs a
 * piece of memory and not a file.
 */
public final class FileServer implements EventListener<FileServer.Message> {
    private static final int PIECE_BYTES = 64 * 1024;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Path root;

    private FileServer(Path root) {
        this.root = root;
    }

    static SessionServer<Message> serve(String address, Path root) throws IOException {
        return SessionServer.builder(address, new FileCodec())
                .listener(new FileServer(root.toRealPath()))
                .tasks(Tasks.ordered())
                .maxMessageBytes(PIECE_BYTES)
                .start();
    }

    /** What goes over the wire. */
    public sealed interface Message {
        /**
         * A line, in either direction.
         *
         * @param text without its end
         */
        record Line(String text) implements Message {}

        /**
         * A piece of a file.
         *
         * @param bytes what remains in it
         */
        record Piece(ByteBuffer bytes) implements Message {}
    }

    /** Lines come; lines and pieces go. */
    private static final class FileCodec implements Codec<Message> {
        private final Codec<String> lines;

        FileCodec() {
            this(Codecs.line().strings());
        }

        private FileCodec(Codec<String> lines) {
            this.lines = lines;
        }

        @Override
        public Codec<Message> forSession(CodecContext context) {
            return new FileCodec(lines.forSession(context));
        }

        @Override
        public Decoded<Message> decode(Reader in) throws Exception {
            return switch (lines.decode(in)) {
                case Decoded.Message<String>(String text) -> Decoded.message(new Message.Line(text));
                case Decoded.NeedMore<String> _ -> Decoded.needMore();
                case Decoded.Need<String>(long bytes) -> Decoded.need(bytes);
                case Decoded.Malformed<String>(String reason) -> Decoded.malformed(reason);
            };
        }

        @Override
        public void encode(Message message, Writer out) throws Exception {
            switch (message) {
                case Message.Line(String text) -> lines.encode(text, out);
                case Message.Piece(ByteBuffer bytes) -> out.write(bytes.duplicate());
            }
        }
    }

    @Override
    public void onMessage(Session<Message> session, Message message) throws IOException {
        if (!(message instanceof Message.Line(String text)) || !text.startsWith("GET ")) {
            session.send(new Message.Line("ERR say GET and a path"));
            return;
        }
        final Path file;
        try {
            file = root.resolve(text.substring("GET ".length()).strip()).toRealPath();
        } catch (IOException | InvalidPathException _) {
            session.send(new Message.Line("ERR there is no such file"));
            return;
        }
        // Asked of the real path: neither dots nor links lead out.
        if (!file.startsWith(root) || !Files.isRegularFile(file)) {
            session.send(new Message.Line("ERR there is no such file"));
            return;
        }
        send(session, file);
    }

    private static void send(Session<Message> session, Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            long left = channel.size();
            session.send(new Message.Line("OK " + left), PATIENCE);
            final ByteBuffer piece = ByteBuffer.allocate(PIECE_BYTES);
            while (left > 0) {
                piece.clear().limit((int) Math.min(left, PIECE_BYTES));
                if (channel.read(piece) < 0) {
                    throw new IOException(file + " has become shorter while it was sent");
                }
                left -= piece.position();
                session.send(new Message.Piece(piece.flip()), PATIENCE);
            }
        }
    }
}
