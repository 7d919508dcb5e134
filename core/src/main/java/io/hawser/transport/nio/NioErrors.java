// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.nio;

import io.hawser.transport.ConnectionResetException;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedChannelException;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Finds out what an {@link IOException} of a channel means. The JDK keeps the error number to itself; there is only the
 * text, which is the operating system's and in the user's language. So each question is asked the way round on which an
 * unknown text does the least harm. Stateless; any thread.
 */
final class NioErrors {
    /** Why reading or writing fails on a connected socket, other than that the peer reset it or is gone. */
    private static final List<String> NO_RESET = List.of(
            "unreachable", "no route", "is down", "buffer space", "memory", "denied", "not permitted", "input/output");

    /** Why accept(2) fails for one connection only: "already-pending network errors on the new socket", and firewalls. */
    private static final List<String> ONE_CONNECTION = List.of(
            "abort",
            "reset",
            "forcibly closed",
            "protocol",
            "is down",
            "not on the network",
            "no route",
            "unreachable",
            "not supported",
            "not permitted",
            "timed out");

    /** EHOSTUNREACH, ENETUNREACH, EHOSTDOWN and ENETDOWN. */
    private static final List<String> NO_ROUTE = List.of("no route", "unreachable", "is down");

    /** ETIMEDOUT; Windows says that the party did not properly respond after a period of time. */
    private static final List<String> TIMED_OUT = List.of("timed out", "period of time");

    /** ECONNRESET, EPIPE and ECONNABORTED in the words of the JDK, Linux, macOS and Windows. */
    private static final List<String> RESET = List.of("reset", "broken pipe", "forcibly closed", "abort");

    private NioErrors() {}

    /**
     * Makes sure that this class is loaded: when descriptors have run out, a class loader cannot open the file of a class
     * either, and a full process would fail with {@link NoClassDefFoundError} instead of pausing.
     */
    static void load() {}

    /**
     * Why a read or write on a connected socket failed. All but a few reasons are resets, so a text in another language is
     * taken for one.
     *
     * @param what what was tried, for the message
     */
    static IOException transfer(String what, IOException cause) {
        if (cause instanceof ClosedChannelException || cause instanceof ConnectionResetException) {
            return cause;
        }
        String message = what + ": " + text(cause);
        if (mentions(cause, TIMED_OUT)) {
            return because(new SocketTimeoutException(message), cause);
        }
        return mentions(cause, NO_RESET) ? because(new SocketException(message), cause) : reset(message, cause);
    }

    /**
     * Why a connection could not be made: no route, a timeout, a reset, and all else as a {@link ConnectException}. A unix
     * path that is not there, or on which nobody listens, is to a caller what a closed port is.
     */
    static IOException connect(SocketAddress remote, IOException cause) {
        String message = "Could not connect to " + NioChannels.text(remote) + ": " + text(cause);
        if (cause instanceof NoRouteToHostException || mentions(cause, NO_ROUTE)) {
            return because(new NoRouteToHostException(message), cause);
        }
        if (mentions(cause, TIMED_OUT)) {
            return because(new SocketTimeoutException(message), cause);
        }
        return mentions(cause, RESET) ? reset(message, cause) : because(new ConnectException(message), cause);
    }

    /** Why an address could not be bound. */
    static IOException bind(SocketAddress local, IOException cause) {
        return because(new BindException("Could not bind " + NioChannels.text(local) + ": " + text(cause)), cause);
    }

    /**
     * Whether accept failed for want of descriptors or memory, and so would fail again. A text in another language is taken
     * for that: to wait for nothing is better than to spin.
     */
    static boolean exhausted(IOException cause) {
        return !mentions(cause, ONE_CONNECTION);
    }

    private static ConnectionResetException reset(String message, IOException cause) {
        return because(new ConnectionResetException(message), cause);
    }

    private static <E extends IOException> E because(E failure, IOException cause) {
        failure.initCause(cause);
        return failure;
    }

    private static boolean mentions(IOException cause, List<String> words) {
        String text = text(cause).toLowerCase(Locale.ROOT);
        for (String word : words) {
            if (text.contains(word)) {
                return true;
            }
        }
        return false;
    }

    private static String text(IOException cause) {
        @Nullable String message = cause.getMessage();
        return message == null ? cause.getClass().getSimpleName() : message;
    }
}
