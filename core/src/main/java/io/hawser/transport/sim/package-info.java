// SPDX-License-Identifier: Apache-2.0
/**
 * A network that is not there: hosts, sockets and listeners in one thread, on a virtual clock, with every choice made by a seeded
 * random generator, and with faults to order. What runs on it runs the same way again for the same seed.
 *
 * <p>It stands below the same SPI as the transports of real systems, and is as unpleasant as that allows: it holds its users to the
 * contract as well, see {@link io.hawser.transport.sim.SimNetwork#violations()}. Like TCP it loses, doubles and reorders nothing within
 * a connection; between connections any order may come. Like UDP it does all of that to datagrams.
 *
 * <p>It knows of loops no more than other transports do; {@code io.hawser.sim} steps the loops. Neither is exported: what they promise
 * to whom is open until all layers have been simulated. Tests of all modules, which run on the class path, can use both.
 *
 * <p>All of it is for one thread.
 */
@NullMarked
package io.hawser.transport.sim;

import org.jspecify.annotations.NullMarked;
