// SPDX-License-Identifier: Apache-2.0
package io.hawser.examples;

import io.hawser.session.Codecs;
import io.hawser.session.Session;
import io.hawser.session.SessionServer;
import java.io.IOException;

/** Sends back each line. */
public final class Echo {
    private Echo() {}

    static SessionServer<String> serve(String address) throws IOException {
        return SessionServer.builder(address, Codecs.line().strings())
                .listener(Session::send)
                .start();
    }
}
