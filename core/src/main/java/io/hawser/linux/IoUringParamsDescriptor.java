// SPDX-License-Identifier: Apache-2.0
package io.hawser.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;

/**
 * {@code struct io_uring_params} ({@code linux/io_uring.h}; io_uring_setup(2)).
 *
 * <pre>
 *   0           4           8       12..20      20         24      28..40
 *  | sq entries | cq entries | flags | sq thread | features | wq fd | reserved |
 *  40: sq offsets  head 0 | tail 4 | mask 8 | entries 12 | flags 16 | dropped 20  | array 24
 *  80: cq offsets  head 0 | tail 4 | mask 8 | entries 12 | overflow 16 | cqes 20 | flags 24
 * 120
 * </pre>
 */
final class IoUringParamsDescriptor {
    static final int SIZE = 120;

    private static final int SQ_ENTRIES = 0;
    private static final int CQ_ENTRIES = 4;
    private static final int FLAGS = 8;
    private static final int FEATURES = 20;
    private static final int SQ_OFFSETS = 40;
    private static final int CQ_OFFSETS = 80;

    private final MemorySegment params;

    IoUringParamsDescriptor(MemorySegment params) {
        this.params = params;
    }

    long address() {
        return params.address();
    }

    void flags(int flags) {
        params.set(JAVA_INT, FLAGS, flags);
    }

    void completionEntries(int entries) {
        params.set(JAVA_INT, CQ_ENTRIES, entries);
    }

    int submissionEntries() {
        return params.get(JAVA_INT, SQ_ENTRIES);
    }

    int completionEntries() {
        return params.get(JAVA_INT, CQ_ENTRIES);
    }

    int features() {
        return params.get(JAVA_INT, FEATURES);
    }

    int sqHead() {
        return params.get(JAVA_INT, SQ_OFFSETS);
    }

    int sqTail() {
        return params.get(JAVA_INT, SQ_OFFSETS + 4);
    }

    int sqMask() {
        return params.get(JAVA_INT, SQ_OFFSETS + 8);
    }

    int sqFlags() {
        return params.get(JAVA_INT, SQ_OFFSETS + 16);
    }

    int sqArray() {
        return params.get(JAVA_INT, SQ_OFFSETS + 24);
    }

    int cqHead() {
        return params.get(JAVA_INT, CQ_OFFSETS);
    }

    int cqTail() {
        return params.get(JAVA_INT, CQ_OFFSETS + 4);
    }

    int cqMask() {
        return params.get(JAVA_INT, CQ_OFFSETS + 8);
    }

    int cqOverflow() {
        return params.get(JAVA_INT, CQ_OFFSETS + 16);
    }

    int cqes() {
        return params.get(JAVA_INT, CQ_OFFSETS + 20);
    }
}
