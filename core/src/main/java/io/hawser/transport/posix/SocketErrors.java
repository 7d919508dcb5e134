// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.posix;

import io.hawser.linux.Errno;
import io.hawser.transport.ConnectionResetException;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.SocketTimeoutException;

/** Error numbers as the exceptions that a Java programmer expects. Any thread. */
public final class SocketErrors {
    private SocketErrors() {}

    /**
     * Has the classes loaded that an error needs. When the process is out of descriptors it is too late for that: a class loader cannot
     * open a file any more.
     */
    static void load() {
        if (isExhaustion(0) || transfer("", Errno.EMFILE) instanceof ConnectionResetException) {
            throw new AssertionError();
        }
    }

    /**
     * The failure of a transfer.
     *
     * @param errno positive
     */
    public static IOException transfer(String operation, int errno) {
        return switch (errno) {
            // A shutdown finds no connection any more when a reset has come that nothing else has reported
            // (shutdown(2)).
            case Errno.ECONNRESET, Errno.EPIPE, Errno.ECONNABORTED, Errno.ENOTCONN ->
                new ConnectionResetException(operation + ": " + Errno.describe(errno));
            case Errno.ETIMEDOUT -> new SocketTimeoutException(operation + ": " + Errno.describe(errno));
            default -> new SocketException(operation + ": " + Errno.describe(errno));
        };
    }

    /**
     * The failure of a connect to {@code remote}.
     *
     * @param errno positive
     */
    public static IOException connect(Object remote, int errno) {
        final String message = "connect to " + remote + ": " + Errno.describe(errno);
        return switch (errno) {
            case Errno.EHOSTUNREACH, Errno.ENETUNREACH, Errno.EHOSTDOWN, Errno.ENETDOWN ->
                new NoRouteToHostException(message);
            case Errno.ETIMEDOUT -> new SocketTimeoutException(message);
            // A unix path that is not there, or one that nobody listens on, is to a caller what a closed port is.
            default -> new ConnectException(message);
        };
    }

    /**
     * The failure of a bind to {@code local}.
     *
     * @param errno positive
     */
    public static IOException bind(Object local, int errno) {
        return new BindException("bind to " + local + ": " + Errno.describe(errno));
    }

    /** Whether {@code errno} (positive) says that descriptors or memory have run out, so that accepting must pause. */
    public static boolean isExhaustion(int errno) {
        return errno == Errno.EMFILE || errno == Errno.ENFILE || errno == Errno.ENOBUFS || errno == Errno.ENOMEM;
    }
}
