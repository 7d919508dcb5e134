// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

/**
 * Is told how a client's sessions come and go. On one loop of the client's engine, one call after the other, in the order of the changes; it must
 * not block. What it throws is logged.
 */
public interface ClientListener {
    /** Does nothing at all. */
    ClientListener NONE = new ClientListener() {};

    /** One session is at another phase. */
    default void onSlot(SlotState state) {}

    /** The client as a whole is at another state; after {@link #onSlot}. */
    default void onState(ClientState state) {}
}
