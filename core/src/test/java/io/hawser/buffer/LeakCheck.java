// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Gives each test a pool of its own, and fails a test that has not given all of it back.
 *
 * <pre>{@code
 * @RegisterExtension
 * final LeakCheck memory = new LeakCheck();
 *
 * @Test
 * void shouldReadWhatWasWritten() {
 *     try (var buffer = new Buffer(memory.pool())) { … }
 * }
 * }</pre>
 *
 * <p>Tests that make several pools, or ones of another size, call {@link #assertNothingLeaks} themselves.
 */
public final class LeakCheck implements BeforeEachCallback, AfterEachCallback {
    /** What says nothing about who took a block. */
    private static final Set<String> OURS = Stream.of(Block.class, BlockCache.class, BlockPool.class, Buffer.class)
            .map(Class::getName)
            .collect(Collectors.toSet());

    private final long capBytes;
    private BlockPool pool;

    /** With pools of 64 MiB. */
    public LeakCheck() {
        this(64L << 20);
    }

    /** @param capBytes the cap of each test's pool */
    public LeakCheck(long capBytes) {
        this.capBytes = capBytes;
    }

    /** The running test's pool. */
    public BlockPool pool() {
        return pool;
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        pool = new BlockPool(capBytes);
    }

    @Override
    public void afterEach(ExtensionContext context) {
        assertNothingLeaks(pool);
        pool.close();
    }

    /**
     * Fails if any block of {@code pool} is in use. Call it when no thread takes or releases any.
     *
     * @throws AssertionError with the places that took the blocks as suppressed exceptions, and the first in its
     * message
     */
    public static void assertNothingLeaks(BlockPool pool) {
        final List<Throwable> leaks = pool.leaks();
        final long usedBytes = pool.usedBytes();
        if (usedBytes != 0 || !leaks.isEmpty()) {
            final var failure = new AssertionError(leaks.size() + " blocks were not given back, and " + usedBytes
                    + " bytes are in use; " + first(leaks));
            leaks.forEach(failure::addSuppressed);
            throw failure;
        }
    }

    private static String first(List<Throwable> leaks) {
        if (leaks.isEmpty()) {
            return "where they were taken is known in checked mode only";
        }
        final Throwable place = leaks.getFirst();
        final var text = new StringBuilder("the first was ").append(place.getMessage());
        for (StackTraceElement element : place.getStackTrace()) {
            if (!OURS.contains(element.getClassName())) {
                text.append(", at ").append(element);
                break;
            }
        }
        return text.toString();
    }
}
