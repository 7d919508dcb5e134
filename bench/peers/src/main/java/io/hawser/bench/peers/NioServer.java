// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/** The JDK's own channels: a thread with a selector for each loop, and a listening socket for each, which share a port. */
final class NioServer implements PeerServer {
    private final InetSocketAddress address;
    private final List<NioLoop> loops;

    private NioServer(InetSocketAddress address, List<NioLoop> loops) {
        this.address = address;
        this.loops = loops;
    }

    static NioServer start(Settings settings) throws IOException {
        final List<NioLoop> loops = new ArrayList<>();
        try {
            InetSocketAddress address = Settings.anyPort();
            for (int i = 0; i < settings.loops(); i++) {
                final NioLoop loop = new NioLoop();
                loops.add(loop);
                address = settings.mode() == Mode.UDP
                        ? NioDatagrams.bind(loop, settings, address)
                        : NioAcceptor.bind(loop, settings, address);
            }
            loops.forEach(NioLoop::start);
            return new NioServer(address, loops);
        } catch (IOException | RuntimeException | Error e) {
            loops.forEach(NioLoop::close);
            throw e;
        }
    }

    @Override
    public InetSocketAddress address() {
        return address;
    }

    @Override
    public void close() {
        loops.forEach(NioLoop::close);
    }
}
