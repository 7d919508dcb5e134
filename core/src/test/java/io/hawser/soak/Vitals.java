// SPDX-License-Identifier: Apache-2.0
package io.hawser.soak;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * What this process holds.
 *
 * @param heapBytes objects on the heap, after a collection
 * @param rssBytes memory in use as the kernel counts it (VmRSS of proc_pid_status(5)); 0 where it is not told
 * @param descriptors open files, sockets and so on; 0 where they are not told
 */
record Vitals(long heapBytes, long rssBytes, long descriptors) {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

    /** Collects garbage, and looks. */
    static Vitals now() throws IOException {
        System.gc();
        final long heap =
                ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        return new Vitals(heap, readRss(), countDescriptors());
    }

    private static long readRss() throws IOException {
        if (!Files.isReadable(STATUS)) {
            return 0;
        }
        try (Stream<String> lines = Files.lines(STATUS)) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                    .map(line -> line.replaceAll("\\D", ""))
                    .mapToLong(Long::parseLong)
                    .map(kib -> kib << 10)
                    .findFirst()
                    .orElse(0);
        }
    }

    private static long countDescriptors() throws IOException {
        if (!Files.isDirectory(DESCRIPTORS)) {
            return 0;
        }
        try (Stream<Path> links = Files.list(DESCRIPTORS)) {
            return links.count();
        }
    }
}
