// SPDX-License-Identifier: Apache-2.0
package io.hawser.examples;

import io.hawser.session.SessionServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * A server that the command line starts by its name.
 *
 * @param name as on the command line
 * @param about what it shows, in a line
 * @param address where it listens by default
 * @param attempt a command to try it with, with {@code HOST} and {@code PORT} to be filled in
 * @param start starts it
 */
public record Example(String name, String about, String address, String attempt, Start start) {
    /** Starts an example. */
    @FunctionalInterface
    public interface Start {
        /**
         * Listens.
         *
         * @param address where
         * @throws IOException if that cannot be
         */
        SessionServer<?> at(String address) throws IOException;
    }

    /** All that there are, in the order in which to look at them. */
    public static List<Example> all() {
        return List.of(
                new Example(
                        "echo",
                        "sends back each line: the smallest session server",
                        "tcp://127.0.0.1:7000",
                        "nc HOST PORT",
                        Echo::serve),
                new Example(
                        "chat",
                        "a chat room: one message to all sessions, encoded once and never copied",
                        "tcp://127.0.0.1:7001",
                        "nc HOST PORT     (from two terminals)",
                        Chat::serve),
                new Example(
                        "files",
                        "serves the files of the current directory, no faster than they are read",
                        "tcp://127.0.0.1:7002",
                        "echo 'GET README.md' | nc -N HOST PORT",
                        address -> FileServer.serve(address, Path.of("").toAbsolutePath())),
                new Example(
                        "redis",
                        "a server for Redis clients: PING, SET, GET and some more",
                        "tcp://127.0.0.1:6379",
                        "redis-benchmark -h HOST -p PORT -t ping,set,get -c 50 -P 16 -q",
                        Redis::serve),
                new Example(
                        "orders",
                        "an order gateway: binary messages, an order for each customer's orders, heartbeats",
                        "tcp://127.0.0.1:7004",
                        "it speaks a protocol of its own; OrderGateway.java has a client",
                        OrderGateway::serve));
    }
}
