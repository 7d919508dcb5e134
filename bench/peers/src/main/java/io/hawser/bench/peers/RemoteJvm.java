// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.lang.management.PlatformManagedObject;
import java.util.List;
import java.util.Map;
import javax.management.MBeanServerConnection;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/**
 * Another JVM on this machine, by JMX. The first one that attaches starts the management agent of that JVM, which stays. One thread.
 */
final class RemoteJvm implements AutoCloseable {
    private final JMXConnector connector;
    private final com.sun.management.ThreadMXBean threads;
    private final MemoryMXBean memory;
    private final List<GarbageCollectorMXBean> collectors;
    private final BufferPoolMXBean direct;

    private RemoteJvm(JMXConnector connector) throws IOException {
        this.connector = connector;
        final MBeanServerConnection beans = connector.getMBeanServerConnection();
        this.threads = bean(beans, com.sun.management.ThreadMXBean.class);
        this.memory = bean(beans, MemoryMXBean.class);
        this.collectors = ManagementFactory.getPlatformMXBeans(beans, GarbageCollectorMXBean.class);
        this.direct = ManagementFactory.getPlatformMXBeans(beans, BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .findFirst()
                .orElseThrow(() -> new IOException("the JVM has no account of direct buffers"));
    }

    private static <T extends PlatformManagedObject> T bean(MBeanServerConnection beans, Class<T> type)
            throws IOException {
        return ManagementFactory.getPlatformMXBean(beans, type);
    }

    /**
     * Attaches to a process.
     *
     * @throws IOException if there is no such process, it is no JVM, or it does not let this user attach
     */
    @SuppressWarnings(
            "BanJNDI") // the address is that of the local agent, as the process itself gave it to its own user
    static RemoteJvm attach(long pid) throws IOException {
        final JMXServiceURL url = new JMXServiceURL(startAgent(pid));
        // Without the checks that the connection is alive, each of which would allocate in the other JVM.
        final JMXConnector connector =
                JMXConnectorFactory.connect(url, Map.of("jmx.remote.x.client.connection.check.period", 0L));
        try {
            return new RemoteJvm(connector);
        } catch (IOException | RuntimeException e) {
            connector.close();
            throw e;
        }
    }

    private static String startAgent(long pid) throws IOException {
        final VirtualMachine machine;
        try {
            machine = VirtualMachine.attach(Long.toString(pid));
        } catch (AttachNotSupportedException e) {
            throw new IOException("cannot attach to " + pid + ": " + e.getMessage(), e);
        }
        try {
            return machine.startLocalManagementAgent();
        } finally {
            machine.detach();
        }
    }

    /** Collects all garbage; nothing happens if that JVM was started with DisableExplicitGC. */
    void collect() {
        memory.gc();
    }

    JvmSample read() {
        final long first = threads.getTotalThreadAllocatedBytes();
        final long heapUsed = memory.getHeapMemoryUsage().getUsed();
        final long gcCount = collectors.stream()
                .mapToLong(GarbageCollectorMXBean::getCollectionCount)
                .sum();
        final long gcMs = collectors.stream()
                .mapToLong(GarbageCollectorMXBean::getCollectionTime)
                .sum();
        final int threadCount = threads.getThreadCount();
        final long directBytes = direct.getMemoryUsed();
        final long last = threads.getTotalThreadAllocatedBytes();
        final long end = threads.getTotalThreadAllocatedBytes();
        return new JvmSample(first, end, end - last, heapUsed, gcCount, gcMs, threadCount, directBytes);
    }

    @Override
    public void close() throws IOException {
        connector.close();
    }
}
