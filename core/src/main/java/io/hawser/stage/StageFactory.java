// SPDX-License-Identifier: Apache-2.0
package io.hawser.stage;

import io.hawser.transport.StreamSink;

/** Makes one kind of stage, a stage for each connection. Any thread. */
@FunctionalInterface
public interface StageFactory {
    /**
     * Makes a stage, which does nothing before {@link Stage#connected()}, and holds nothing that has to be given back. The loop's thread.
     *
     * @param context of the connection
     * @param above the stage's sink, to be passed to {@link Stage#Stage}
     */
    Stage stage(StageContext context, StreamSink above);
}
