// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.linux.CallState;
import io.hawser.linux.EventFd;
import io.hawser.linux.Sockets;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Would take over from the process at the path in its arguments, with few descriptors left. It prints why it does not, and how many
 * descriptors were left before and are left after.
 */
final class ExhaustedSuccessorProgram {
    private static final int LEFT = 20;

    private final CallState state = new CallState();
    private final Deque<Integer> taken = new ArrayDeque<>();

    private ExhaustedSuccessorProgram() {}

    public static void main(String[] args) throws Exception {
        new ExhaustedSuccessorProgram().run(Path.of(args[0]));
    }

    private void run(Path path) throws Exception {
        ServerProgram.loadAll();
        try (Engine engine = TestTransport.EPOLL_EDGE.builder().start()) {
            // Once for all that is loaded meanwhile.
            System.out.println(take(engine, path));
            takeAll();
            for (int i = 0; i < LEFT; i++) {
                Sockets.close(state, taken.pop());
            }
            final String failure = take(engine, path);
            final int left = takeAll();
            while (!taken.isEmpty()) {
                Sockets.close(state, taken.pop());
            }
            System.out.println(failure);
            System.out.println(LEFT + " " + left);
        }
    }

    private static String take(Engine engine, Path path) {
        try {
            engine.hotRestart(path);
            return "took over";
        } catch (IOException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /** Takes all descriptors that there are; how many. */
    private int takeAll() {
        int count = 0;
        for (int fd = EventFd.create(state); fd >= 0; fd = EventFd.create(state)) {
            taken.push(fd);
            count++;
        }
        return count;
    }
}
