// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport;

import java.io.IOException;

/** Who is told what happens on a {@link ListenSocket}. Called on the loop's thread; must not throw. */
public interface AcceptSink {
    /** A connection came; the sink attaches it to a transport or closes it. */
    void accepted(AcceptedSocket socket);

    /**
     * The operating system is out of descriptors or memory (EMFILE, ENFILE, ENOBUFS, ENOMEM). Accepting is paused; the sink
     * calls {@link ListenSocket#accept} when it is time to try again. Failures of single connections are not reported here.
     */
    void exhausted(IOException cause);
}
