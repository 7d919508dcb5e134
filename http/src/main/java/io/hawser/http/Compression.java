// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.util.List;
import java.util.Optional;

/**
 * Compresses what another handler answers, by gzip or deflate, as the client's {@code Accept-Encoding} weighs them (RFC 9110, 12.5.3).
 *
 * <p>Only text in its many forms is, JSON, scripts and the like; not what is encoded already, a part of something (206), marked {@code no-transform},
 * shorter than {@link Builder#minBytes}, or the answer to HEAD. {@code Vary: Accept-Encoding} is set on all that might have been, and a strong {@code ETag} becomes a weak one,
 * since the bytes are others.
 *
 * <p>A streamed answer is compressed as it is written; a {@code flush} sends what there is, so that events arrive when they happen. What is written before the
 * type is set is not compressed.
 *
 * <p>Do not compress answers that hold a secret next to what an attacker can choose: their length tells about it (BREACH).
 *
 * <p><b>Memory:</b> what compresses an answer takes 256 KiB outside of the heap, for as long as the answer takes: of a file or a stream that is as long as
 * the peer takes. {@link Builder#concurrentAnswers} of them have one at once; what comes when there are as many is sent as it is. In the loop so is a file
 * that is too long to be pending at once. A few are kept for the next answers, until {@link #close()}.
 *
 * <p><b>Thread:</b> any, as the handler that it wraps.
 */
public final class Compression implements HttpHandler, AutoCloseable {
    private final HttpHandler handler;
    private final int minBytes;
    private final DeflaterPool deflaters;

    private Compression(Builder builder) {
        this.handler = builder.handler;
        this.minBytes = builder.minBytes;
        this.deflaters = new DeflaterPool(builder.level, builder.concurrentAnswers);
    }

    /** Compresses the answers of {@code handler}, with the defaults. */
    public static Compression of(HttpHandler handler) {
        return builder(handler).build();
    }

    /** For options. */
    public static Builder builder(HttpHandler handler) {
        return new Builder(handler);
    }

    @Override
    public void handle(Request request, Response response) throws Exception {
        final Optional<Coding> coding = Coding.choose(request.headers().all("Accept-Encoding"));
        final CompressedResponse compressed = new CompressedResponse(request, response, coding, minBytes, deflaters);
        boolean done = false;
        try {
            handler.handle(request, compressed);
            compressed.returned();
            done = true;
        } finally {
            if (!done) {
                compressed.free();
            }
        }
    }

    DeflaterPool deflaters() {
        return deflaters;
    }

    /** Gives back the memory that is kept for the next answers. Who answers on keeps none; who never calls this leaves it to the collector. */
    @Override
    public void close() {
        deflaters.close();
    }

    @Override
    public String toString() {
        return "compressed " + handler;
    }

    /** A content coding. */
    enum Coding {
        GZIP("gzip"),
        /** In the format of zlib (RFC 9110, 8.4.1.2). */
        DEFLATE("deflate");

        private final String token;

        Coding(String token) {
            this.token = token;
        }

        String token() {
            return token;
        }

        /** The one that is wanted most; nothing if the content as it is is wanted more. */
        static Optional<Coding> choose(List<String> accepted) {
            if (accepted.isEmpty()) {
                return Optional.empty();
            }
            final int gzip = AcceptEncoding.weight(accepted, GZIP.token);
            final int deflate = AcceptEncoding.weight(accepted, DEFLATE.token);
            final int most = Math.max(gzip, deflate);
            if (most == 0 || most < AcceptEncoding.weight(accepted, "identity")) {
                return Optional.empty();
            }
            return Optional.of(gzip >= deflate ? GZIP : DEFLATE);
        }
    }

    /** Options of a {@link Compression}. <b>Thread:</b> one at a time. */
    public static final class Builder {
        private static final int BEST = 9;

        private final HttpHandler handler;
        private int minBytes = 1024;
        private int level = 6;
        private int concurrentAnswers = 256;

        private Builder(HttpHandler handler) {
            this.handler = handler;
        }

        /** How long an answer must be at least; smaller ones gain nothing. Not negative; default 1024. */
        public Builder minBytes(int bytes) {
            if (bytes < 0) {
                throw new IllegalArgumentException("minBytes must not be negative: " + bytes);
            }
            minBytes = bytes;
            return this;
        }

        /** How hard to try: 1, the fastest, to 9, the smallest; default 6. */
        public Builder level(int value) {
            if (value < 1 || value > BEST) {
                throw new IllegalArgumentException("A level is 1 to 9: " + value);
            }
            level = value;
            return this;
        }

        /** How many answers are compressed at once; at least 0, default 256. */
        public Builder concurrentAnswers(int count) {
            if (count < 0) {
                throw new IllegalArgumentException("concurrentAnswers must not be negative: " + count);
            }
            concurrentAnswers = count;
            return this;
        }

        /** A handler with these options. */
        public Compression build() {
            return new Compression(this);
        }
    }
}
