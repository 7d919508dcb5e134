// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.buffer.Reader;
import io.hawser.session.EventListener;
import io.hawser.session.Session;

/** Sends back each frame, without copying it. Any number of sessions and loops. */
final class FrameEcho implements EventListener<Reader> {
    @Override
    public void onMessage(Session<Reader> session, Reader frame) {
        session.send(frame);
    }

    @Override
    public void onError(Session<Reader> session, Throwable error) {
        // The peer sees that it is closed; a line for each that sends what is no frame would be a log that strangers
        // fill.
    }
}
