// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.buffer.BlockPool;
import io.hawser.buffer.Buffer;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntSupplier;

/**
 * What {@code tools/fuzz} runs: whatever a server sends is responses, and at most one refusal at their end, however it is cut; nothing passes the
 * limits, and no block is left.
 */
public final class ResponseFuzz {
    private static final BlockPool POOL = new BlockPool(64 << 20);
    private static final HttpLimits LIMITS =
            HttpLimits.DEFAULT.withRequestLineBytes(256).withHeaderBytes(1024).withHeaderCount(10);

    private ResponseFuzz() {}

    /** Called by Jazzer with whatever it thinks of: a byte that says what was asked, and what is answered. */
    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length == 0) {
            return;
        }
        final List<String> whole = log(input, () -> input.length);
        require(whole.equals(log(input, () -> 1)), "byte by byte it is not " + whole);
        require(whole.equals(log(input, () -> 1 + (input[0] & 0x1f))), "cut it is not " + whole);
        require(POOL.usedBytes() == 0, "memory was not given back");
    }

    private static List<String> log(byte[] input, IntSupplier cuts) {
        final String method = (input[0] & 0x80) == 0 ? "GET" : "HEAD";
        final List<String> log = new ArrayList<>();
        final BodyReader body = new BodyReader(LIMITS);
        final StringBuilder data = new StringBuilder();
        ResponseHead head = new ResponseHead(LIMITS.headerBytes(), LIMITS.headerCount());
        boolean inBody = false;
        boolean untilClose = false;
        int at = 1;
        try (Buffer in = new Buffer(POOL)) {
            while (at < input.length) {
                final int n = Math.min(cuts.getAsInt(), input.length - at);
                in.writeBytes(input, at, n);
                at += n;
                boolean goesOn = true;
                while (goesOn) {
                    if (untilClose) {
                        data.append(in.readString((int) in.readableBytes(), StandardCharsets.ISO_8859_1));
                        goesOn = false;
                    } else if (inBody) {
                        final int result = body.next(in);
                        if (result == BodyReader.DATA) {
                            final int bytes = (int) body.dataBytes(in);
                            data.append(in.readString(bytes, StandardCharsets.ISO_8859_1));
                            body.consumed(bytes);
                        } else if (result == BodyReader.END) {
                            log.add(data + "\n" + body.trailers());
                            require(body.trailers().size() <= LIMITS.headerCount(), "too many trailers");
                            inBody = false;
                            head = new ResponseHead(LIMITS.headerBytes(), LIMITS.headerCount());
                        } else if (result == BodyReader.MORE) {
                            goesOn = false;
                        } else {
                            log.add(String.valueOf(result));
                            return log;
                        }
                    } else if (in.readableBytes() == 0) {
                        goesOn = false;
                    } else if (head.take(in.readByte())) {
                        require(head.headers().size() <= LIMITS.headerCount(), "too many fields");
                        final long length = head.bodyLength(method);
                        log.add(head.status() + " " + head.version() + " " + length + " " + head.keepsAlive() + " "
                                + head.announcesForbiddenBody() + "\n" + head.headers());
                        data.setLength(0);
                        untilClose = length == ResponseHead.UNTIL_CLOSE;
                        inBody = !untilClose;
                        if (inBody) {
                            body.begin(length, Long.MAX_VALUE);
                        }
                    }
                }
            }
        } catch (ProtocolException e) {
            log.add(String.valueOf(e.getMessage()));
            return log;
        }
        log.add(untilClose ? data.toString() : "");
        return log;
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }
}
