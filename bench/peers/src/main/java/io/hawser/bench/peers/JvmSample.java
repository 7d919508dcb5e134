// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

/**
 * What a JVM said of itself.
 *
 * @param allocatedBytes by all threads since its start, ended ones included; the first thing that was read
 * @param allocatedBytesEnd the same, as the last thing that was read
 * @param disturbanceBytes what reading one of these allocates in that JVM itself
 * @param heapUsed bytes, garbage included
 * @param gcCount collections since the start, of all collectors
 * @param gcMs what they took in all, as the collectors estimate it
 * @param threads platform threads that live
 * @param directBytes of direct buffers that are on the JDK's account; memory of arenas and of Unsafe is not
 */
record JvmSample(
        long allocatedBytes,
        long allocatedBytesEnd,
        long disturbanceBytes,
        long heapUsed,
        long gcCount,
        long gcMs,
        int threads,
        long directBytes) {
    String json() {
        return "{\"allocated_bytes\": " + allocatedBytes
                + ", \"allocated_bytes_end\": " + allocatedBytesEnd
                + ", \"disturbance_bytes\": " + disturbanceBytes
                + ", \"heap_used\": " + heapUsed
                + ", \"gc_count\": " + gcCount
                + ", \"gc_ms\": " + gcMs
                + ", \"threads\": " + threads
                + ", \"direct_bytes\": " + directBytes + "}";
    }
}
