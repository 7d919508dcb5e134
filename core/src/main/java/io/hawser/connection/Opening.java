// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import java.io.IOException;

/** Who waits for a connection to open. One of these is called, once, on the loop's thread. */
interface Opening {
    /** It is open. */
    void connected(Connection connection);

    /** Its handler does not want it; it is closed. */
    void refused();

    /** It did not come to that; it is closed. */
    void failed(IOException error);
}
