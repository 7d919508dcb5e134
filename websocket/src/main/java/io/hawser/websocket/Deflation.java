// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What both sides have agreed on of permessage-deflate, RFC 7692, 7.1.
 *
 * <p>Java's zlib has windows of 32 KiB only. A smaller window for what is sent is kept all the same: what is longer is compressed in pieces of that
 * size, each by itself, so that no distance is larger. Whatever window the peer uses can be inflated.
 *
 * @param sendTakeover whether what is sent refers to earlier messages
 * @param receiveTakeover whether what comes may do so
 * @param sendWindowBits the window for what is sent, 8 to 15
 */
record Deflation(PerMessageDeflate options, boolean sendTakeover, boolean receiveTakeover, int sendWindowBits) {
    static final String NAME = "permessage-deflate";
    private static final String SERVER_NO_TAKEOVER = "server_no_context_takeover";
    private static final String CLIENT_NO_TAKEOVER = "client_no_context_takeover";
    private static final String SERVER_BITS = "server_max_window_bits";
    private static final String CLIENT_BITS = "client_max_window_bits";
    private static final int MOST_BITS = 15;

    /** The parameters of one element; 0 bits where they are not named, -1 where they have no value. */
    private record Parameters(boolean serverNoTakeover, boolean clientNoTakeover, int serverBits, int clientBits) {
        /** Null if they are not what the RFC allows. */
        static @Nullable Parameters of(Extension extension) {
            boolean serverNoTakeover = false;
            boolean clientNoTakeover = false;
            int serverBits = 0;
            int clientBits = 0;
            if (extension.hasDuplicates()) {
                return null;
            }
            for (Extension.Parameter parameter : extension.parameters()) {
                switch (parameter.name()) {
                    case SERVER_NO_TAKEOVER -> serverNoTakeover = true;
                    case CLIENT_NO_TAKEOVER -> clientNoTakeover = true;
                    case SERVER_BITS -> serverBits = bits(parameter);
                    case CLIENT_BITS -> clientBits = parameter.hasValue() ? bits(parameter) : -1;
                    default -> {
                        return null;
                    }
                }
                final boolean isFlag = parameter.name().endsWith("takeover");
                final boolean isBits = !isFlag && (serverBits == -2 || clientBits == -2);
                if ((isFlag && parameter.hasValue()) || isBits) {
                    return null;
                }
            }
            return new Parameters(serverNoTakeover, clientNoTakeover, serverBits, clientBits);
        }

        private static int bits(Extension.Parameter parameter) {
            final String value = parameter.value();
            // Without leading zeros.
            return switch (value) {
                case "8", "9" -> value.charAt(0) - '0';
                case "10", "11", "12", "13", "14", "15" -> 10 + value.charAt(1) - '0';
                default -> -2;
            };
        }
    }

    // ---- the server's side

    /** Takes the first offer that can be met. */
    static Optional<Deflation> accept(List<Extension> offers, PerMessageDeflate options) {
        for (Extension offer : offers) {
            final Parameters wanted = offer.name().equals(NAME) ? Parameters.of(offer) : null;
            if (wanted != null) {
                return Optional.of(new Deflation(
                        options,
                        options.sendTakeover() && !wanted.serverNoTakeover(),
                        options.receiveTakeover() && !wanted.clientNoTakeover(),
                        wanted.serverBits() == 0 ? MOST_BITS : wanted.serverBits()));
            }
        }
        return Optional.empty();
    }

    /** What a server answers. */
    String response() {
        return NAME
                + (sendTakeover ? "" : "; " + SERVER_NO_TAKEOVER)
                + (receiveTakeover ? "" : "; " + CLIENT_NO_TAKEOVER)
                + (sendWindowBits == MOST_BITS ? "" : "; " + SERVER_BITS + "=" + sendWindowBits);
    }

    // ---- the client's side

    /** What a client offers. */
    static String offer(PerMessageDeflate options) {
        return NAME
                + (options.receiveTakeover() ? "" : "; " + SERVER_NO_TAKEOVER)
                + (options.sendTakeover() ? "" : "; " + CLIENT_NO_TAKEOVER)
                + "; " + CLIENT_BITS;
    }

    /** What a server has answered to {@link #offer}; empty if it is no answer to that. */
    static Optional<Deflation> accepted(Extension answer, PerMessageDeflate options) {
        final Parameters given = answer.name().equals(NAME) ? Parameters.of(answer) : null;
        if (given == null
                || given.serverBits() < 0
                || given.clientBits() < 0
                || (!options.receiveTakeover() && !given.serverNoTakeover())) {
            return Optional.empty();
        }
        return Optional.of(new Deflation(
                options,
                options.sendTakeover() && !given.clientNoTakeover(),
                !given.serverNoTakeover(),
                given.clientBits() == 0 ? MOST_BITS : given.clientBits()));
    }
}
