// SPDX-License-Identifier: Apache-2.0
package io.hawser.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.Hawser;
import io.hawser.connection.Connection;
import io.hawser.session.Session;
import io.hawser.session.SessionClient;
import io.hawser.session.SessionServer;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each example, by a client that knows nothing but the protocol. */
class SessionExamplesTest {
    private static final String ANY_PORT = "tcp://127.0.0.1:0";

    private static Connection dial(SessionServer<?> server) throws Exception {
        final Connection connection = Hawser.dial(server.address().toString());
        connection.readTimeout(Duration.ofSeconds(30));
        return connection;
    }

    private static void send(Connection connection, String text) {
        connection.writer().writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
        connection.writer().flush();
    }

    private static String line(Connection connection) {
        final byte[] line = connection.reader().until((byte) '\n').toArray(ValueLayout.JAVA_BYTE);
        connection.reader().release();
        return new String(line, StandardCharsets.UTF_8).stripTrailing();
    }

    private static String ask(Connection connection, String text) {
        send(connection, text);
        return line(connection);
    }

    @Test
    void shouldHaveNamesOfTheirOwn() {
        assertThat(Example.all()).extracting(Example::name).doesNotHaveDuplicates();
        assertThat(Example.all()).extracting(Example::address).doesNotHaveDuplicates();
    }

    @Test
    void shouldEchoLines() throws Exception {
        try (SessionServer<String> server = Echo.serve(ANY_PORT);
                Connection client = dial(server)) {
            assertThat(ask(client, "hello\n")).isEqualTo("hello");
        }
    }

    @Test
    void shouldTellEverybodyInTheRoom() throws Exception {
        final int people = 200;
        try (SessionServer<String> server = Chat.serve(ANY_PORT)) {
            final List<Connection> clients = new ArrayList<>();
            for (int i = 0; i < people; i++) {
                final Connection client = dial(server);
                clients.add(client);
                assertThat(line(client)).isEqualTo("Welcome. Who are you?");
                if (i > 0) {
                    // One speaks; the others have not said who they are, so nobody is told of them.
                    assertThat(ask(client, "name" + i + "\n")).isEqualTo("Hello name" + i + ".");
                }
            }
            final Connection speaker = clients.getFirst();
            assertThat(ask(speaker, "\n")).startsWith("A name has");
            assertThat(ask(speaker, "Ann\n")).isEqualTo("Hello Ann.");
            send(speaker, "good evening\n");
            for (Connection client : clients.subList(1, people)) {
                String heard = line(client);
                while (heard.startsWith("name")) {
                    heard = line(client);
                }
                assertThat(heard).isEqualTo("Ann has come.");
                assertThat(line(client)).isEqualTo("Ann: good evening");
            }
            speaker.close();
            assertThat(line(clients.getLast())).isEqualTo("Ann has gone.");
            clients.forEach(Connection::close);
        }
    }

    @Test
    void shouldServeFilesAndNothingElse(@TempDir Path directory) throws Exception {
        final Path root = Files.createDirectory(directory.resolve("root"));
        final byte[] bytes = new byte[3_000_000];
        new Random(1).nextBytes(bytes);
        Files.write(root.resolve("large"), bytes);
        Files.createFile(root.resolve("empty"));
        Files.writeString(directory.resolve("secret"), "secret");
        Files.createSymbolicLink(root.resolve("link"), directory.resolve("secret"));
        try (SessionServer<FileServer.Message> server = FileServer.serve(ANY_PORT, root);
                Connection client = dial(server)) {
            for (String name :
                    List.of("../secret", "link", directory.resolve("secret").toString(), "none", ".", "\0")) {
                assertThat(ask(client, "GET " + name + "\n")).isEqualTo("ERR there is no such file");
            }
            assertThat(ask(client, "PUT x\n")).startsWith("ERR say GET");
            assertThat(ask(client, "GET empty\n")).isEqualTo("OK 0");
            // The second is asked for before the first has been read: its answer waits, and comes after it.
            send(client, "GET large\nGET empty\n");
            assertThat(line(client)).isEqualTo("OK 3000000");
            assertThat(client.reader().readBytes(bytes.length)).isEqualTo(bytes);
            assertThat(line(client)).isEqualTo("OK 0");
        }
    }

    @Test
    void shouldAnswerRedisClients() throws Exception {
        try (SessionServer<Resp> server = Redis.serve(ANY_PORT);
                Connection client = dial(server)) {
            assertThat(ask(client, "PING\r\n")).isEqualTo("+PONG");
            assertThat(ask(client, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nv\r\nv2\r\n"))
                    .isEqualTo("+OK");
            send(client, "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n");
            assertThat(line(client)).isEqualTo("$5");
            assertThat(client.reader().readString(7)).isEqualTo("v\r\nv2\r\n");
            assertThat(ask(client, "GET none\r\n")).isEqualTo("$-1");
            assertThat(ask(client, "INCR n\r\n")).isEqualTo(":1");
            assertThat(ask(client, "INCR n\r\n")).isEqualTo(":2");
            assertThat(ask(client, "INCR k\r\n")).startsWith("-ERR value is not an integer");
            assertThat(ask(client, "EXISTS n k none\r\n")).isEqualTo(":2");
            assertThat(ask(client, "DEL n k none\r\n")).isEqualTo(":2");
            assertThat(ask(client, "DBSIZE\r\n")).isEqualTo(":0");
            assertThat(ask(client, "SET a\r\n")).isEqualTo("-ERR wrong number of arguments for 'set' command");
            assertThat(ask(client, "NONSENSE\r\n")).isEqualTo("-ERR unknown command");
            assertThat(ask(client, "QUIT\r\n")).isEqualTo("+OK");
        }
    }

    @Test
    void shouldAnswerRedisClientsWhateverThePieces() throws Exception {
        final String pipeline = "*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nECHO\r\n$0\r\n\r\nPING\r\n*0\r\n\r\nPING\r\n";
        try (SessionServer<Resp> server = Redis.serve(ANY_PORT);
                Connection client = dial(server)) {
            for (int piece = 1; piece < pipeline.length(); piece++) {
                for (int i = 0; i < pipeline.length(); i += piece) {
                    send(client, pipeline.substring(i, Math.min(pipeline.length(), i + piece)));
                }
                assertThat(line(client)).isEqualTo("+PONG");
                assertThat(line(client)).isEqualTo("$0");
                assertThat(line(client)).isEmpty();
                assertThat(line(client)).isEqualTo("+PONG");
                assertThat(line(client)).isEqualTo("+PONG");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "*-1\r\n",
                "*99999999\r\n",
                "*1\n",
                "*1\r\n$-1\r\n",
                "*1\r\n$99999999999999999999\r\n",
                "*1\r\n$2000000\r\n",
                "*1\r\n:1\r\n",
                "*1\r\n$1\r\nabc",
                "*00000000000000000000000000000000000001\r\n",
                "*x\r\n"
            })
    void shouldRefuseWhatIsNoCommand(String rubbish) throws Exception {
        try (SessionServer<Resp> server = Redis.serve(ANY_PORT);
                Connection client = dial(server);
                Connection other = dial(server)) {
            assertThat(ask(client, rubbish)).isEqualTo("-ERR Protocol error");
            assertThat(ask(other, "PING\r\n")).isEqualTo("+PONG");
        }
    }

    @Test
    void shouldTakeOrders() throws Exception {
        try (SessionServer<OrderGateway.Message> server = OrderGateway.serve(ANY_PORT);
                SessionClient<OrderGateway.Message> client =
                        OrderGateway.client(server.address().toString())) {
            assertThat(client.awaitConnected(2, Duration.ofSeconds(30))).isTrue();
            for (long id = 1; id <= 100; id++) {
                assertThat(client.call(
                                new OrderGateway.Message.Order(id, "HWSR", 10, id % 2 == 0 ? 100 : 0),
                                Duration.ofSeconds(30)))
                        .isEqualTo(new OrderGateway.Message.Report(
                                id, id % 2 == 0, id % 2 == 0 ? "" : "the price must be positive"));
            }
            assertThat(server.sessions()).extracting(Session::isOpen).containsOnly(true);
        }
    }
}
