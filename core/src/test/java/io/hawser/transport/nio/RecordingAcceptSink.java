// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.nio;

import io.hawser.transport.AcceptSink;
import io.hawser.transport.AcceptedSocket;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** Keeps what was accepted. */
final class RecordingAcceptSink implements AcceptSink {
    final ArrayDeque<AcceptedSocket> accepted = new ArrayDeque<>();
    final List<IOException> exhausted = new ArrayList<>();
    Runnable onAccepted = () -> {};

    @Override
    public void accepted(AcceptedSocket socket) {
        accepted.add(socket);
        onAccepted.run();
    }

    @Override
    public void exhausted(IOException cause) {
        exhausted.add(cause);
    }
}
