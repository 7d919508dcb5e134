// SPDX-License-Identifier: Apache-2.0
package io.hawser.soak;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** All conversations that go on, and the sums of those that are over. Any thread. */
final class Ledger {
    private static final int KEPT_VIOLATIONS = 20;

    private final Map<Long, Conversation> open = new ConcurrentHashMap<>();
    private final AtomicLong ids = new AtomicLong();
    private final LongAdder settled = new LongAdder();
    private final LongAdder sentBytes = new LongAdder();
    private final LongAdder receivedBytes = new LongAdder();
    private final LongAdder datagramBytes = new LongAdder();
    private final LongAdder lostDatagramBytes = new LongAdder();
    private final AtomicLong violationCount = new AtomicLong();
    private final List<String> violations = new ArrayList<>();

    Conversation begin(Kind kind, boolean overUnix, long bytes) {
        final Conversation conversation = new Conversation(ids.incrementAndGet(), kind, overUnix, bytes);
        open.put(conversation.id(), conversation);
        return conversation;
    }

    /** The conversation with that number, as a server reads it from what has come. */
    Optional<Conversation> find(long id) {
        return Optional.ofNullable(open.get(id));
    }

    /** It is over; adds up what it did, and checks it. */
    void settle(Conversation conversation) {
        open.remove(conversation.id());
        conversation.violations().forEach(this::violated);
        settled.increment();
        sentBytes.add(conversation.clientOut.get());
        receivedBytes.add(conversation.clientIn.get());
        if (conversation.kind() == Kind.DATAGRAMS) {
            datagramBytes.add(conversation.clientOut.get());
            lostDatagramBytes.add(conversation.clientOut.get() - conversation.clientIn.get());
        }
    }

    /** It was nothing that a server could see. */
    void settleUnseen() {
        settled.increment();
    }

    /** It has come to nothing; what was wrong has been told. */
    void drop(Conversation conversation) {
        open.remove(conversation.id());
    }

    /** Something is not as it has to be. */
    void violated(String what) {
        if (violationCount.incrementAndGet() <= KEPT_VIOLATIONS) {
            synchronized (violations) {
                violations.add(what);
            }
        }
    }

    /** The first of what was wrong. */
    List<String> violations() {
        synchronized (violations) {
            return List.copyOf(violations);
        }
    }

    long violationCount() {
        return violationCount.get();
    }

    /** How many conversations go on. */
    int openCount() {
        return open.size();
    }

    /** How many are over. */
    long settledCount() {
        return settled.sum();
    }

    long sentBytes() {
        return sentBytes.sum();
    }

    long receivedBytes() {
        return receivedBytes.sum();
    }

    /** How much of what was sent as datagrams has not come back, from 0 to 1. */
    double lostDatagramPart() {
        final long all = datagramBytes.sum();
        return all == 0 ? 0 : (double) lostDatagramBytes.sum() / all;
    }
}
