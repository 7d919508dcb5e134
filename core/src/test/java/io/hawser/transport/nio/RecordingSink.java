// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.nio;

import io.hawser.buffer.Block;
import io.hawser.transport.AcceptedSocket;
import io.hawser.transport.StreamSink;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Writes down what it is told; tests may do something in the middle of it. */
final class RecordingSink implements StreamSink {
    final List<String> events = new ArrayList<>();
    final List<IOException> failures = new ArrayList<>();
    final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    AcceptedSocket detached;
    long sentBytes;
    Runnable onConnected = () -> {};
    Runnable onReceived = () -> {};
    Runnable onFailed = () -> {};

    @Override
    public void connected() {
        events.add("connected");
        onConnected.run();
    }

    @Override
    public void received(Block block) {
        events.add("received");
        ByteBuffer view = block.byteBuffer(block.start(), block.end());
        byte[] copy = new byte[view.remaining()];
        view.get(copy);
        bytes.writeBytes(copy);
        block.release();
        onReceived.run();
    }

    @Override
    public void inputEnded() {
        events.add("inputEnded");
    }

    @Override
    public void sent(long sent) {
        events.add("sent");
        sentBytes += sent;
    }

    @Override
    public void failed(IOException cause) {
        events.add("failed");
        failures.add(cause);
        onFailed.run();
    }

    @Override
    public void closed() {
        events.add("closed");
    }

    @Override
    public void detached(AcceptedSocket socket) {
        events.add("detached");
        detached = socket;
    }

    long count(String event) {
        return events.stream().filter(event::equals).count();
    }
}
