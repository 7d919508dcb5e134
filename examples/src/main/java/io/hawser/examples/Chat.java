// SPDX-License-Identifier: Apache-2.0
package io.hawser.examples;

import io.hawser.connection.CloseCause;
import io.hawser.session.AttributeKey;
import io.hawser.session.Codecs;
import io.hawser.session.EventListener;
import io.hawser.session.Session;
import io.hawser.session.SessionServer;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * A chat room: the first line of a session is its name, each further one goes to all others. A message is encoded once, and all connections send the
 * same memory.
 */
public final class Chat {
    private static final AttributeKey<String> NAME = AttributeKey.of("name");
    private static final int LONGEST_NAME = 32;

    private Chat() {}

    static SessionServer<String> serve(String address) throws IOException {
        final Room room = new Room();
        final SessionServer<String> server = SessionServer.builder(
                        address, Codecs.line().strings())
                .listener(room)
                .maxMessageBytes(4096)
                .start();
        room.server.complete(server);
        return server;
    }

    /** Everybody who is in. */
    private static final class Room implements EventListener<String> {
        /** It is there before anybody who has said a word. */
        private final CompletableFuture<SessionServer<String>> server = new CompletableFuture<>();

        @Override
        public boolean onOpen(Session<String> session) {
            session.send("Welcome. Who are you?");
            return true;
        }

        @Override
        public void onMessage(Session<String> session, String line) {
            final Optional<String> name = session.get(NAME);
            if (name.isPresent()) {
                tellOthers(session, name.get() + ": " + line);
            } else if (line.isBlank() || line.length() > LONGEST_NAME) {
                session.send("A name has 1 to " + LONGEST_NAME + " letters. Who are you?");
            } else {
                session.set(NAME, line.strip());
                session.rename(line.strip());
                session.send("Hello " + line.strip() + ".");
                tellOthers(session, line.strip() + " has come.");
            }
        }

        private void tellOthers(Session<String> speaker, String text) {
            final var unused = server.thenAccept(room -> room.broadcast(
                    text, session -> session != speaker && session.get(NAME).isPresent()));
        }

        @Override
        public void onError(Session<String> session, Throwable error) {
            // Lines that are too long and lost connections are no news in a chat room.
        }

        @Override
        public void onClose(Session<String> session, CloseCause cause) {
            session.get(NAME).ifPresent(name -> tellOthers(session, name + " has gone."));
        }
    }
}
