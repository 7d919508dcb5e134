// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import java.time.Duration;

/** Is told what happens to an engine as a whole. Each method does nothing by default. What they throw is logged, but for {@link #onBoot}. */
public interface EngineListener {
    /** Does nothing at all. */
    EngineListener NONE = new EngineListener() {};

    /**
     * The loops run; nothing is served yet. On the thread that starts the engine, before the start returns. It may listen and dial.
     *
     * @throws Exception to give the start up; the engine is closed
     */
    default void onBoot(Engine engine) throws Exception {}

    /**
     * The engine is at another state. On the thread that closes it, which goes on when this returns; it may ask, and wait for what is not the
     * end of the engine.
     */
    default void onState(Engine engine, EngineState state) {}

    /** The engine is closed: its loops have ended and no callback of a connection will come. Once, after all else. */
    default void onShutdown(Engine engine) {}

    /**
     * Called again and again, first when the engine has started. On the thread of its first loop, so it must not block.
     *
     * @return the time until the next call; zero for no more calls
     */
    default Duration onTick(Engine engine) {
        return Duration.ZERO;
    }
}
