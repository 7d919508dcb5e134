// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.micro;

import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Threads as Netty's own loops have them: on others its allocators have no caches and its thread locals are slow. JMH finds it by the property
 * {@code jmh.executor.class}.
 */
public final class NettyThreads extends ThreadPoolExecutor {
    /** As JMH calls it. */
    public NettyThreads(int maxThreads, String prefix) {
        super(
                maxThreads,
                maxThreads,
                0,
                TimeUnit.MILLISECONDS,
                new LinkedBlockingQueue<>(),
                new DefaultThreadFactory(prefix, true));
    }
}
