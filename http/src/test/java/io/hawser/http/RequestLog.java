// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.buffer.BlockPool;
import io.hawser.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** What the parsers make of a stream that comes in pieces: a line for each request, and the status of what is refused. */
final class RequestLog {
    private static final int BODY_BYTES = 100_000;

    private RequestLog() {}

    /** @param cuts how long the next piece is, at most */
    static List<String> of(BlockPool pool, byte[] stream, java.util.function.IntSupplier cuts) {
        final HttpLimits limits = HttpLimits.DEFAULT.withBodyBytes(BODY_BYTES);
        final RequestHead head = new RequestHead(limits);
        final BodyReader body = new BodyReader(limits);
        final List<String> log = new ArrayList<>();
        final StringBuilder data = new StringBuilder();
        boolean inBody = false;
        int at = 0;
        try (Buffer in = new Buffer(pool)) {
            while (true) {
                int result = 1;
                while (result == 1) {
                    if (!inBody) {
                        result = in.readableBytes() == 0 ? 0 : head.read(in);
                        if (result == RequestHead.COMPLETE) {
                            if (head.hasBody()) {
                                head.forget();
                            }
                            body.begin(head.contentLength(), limits.bodyBytes());
                            data.setLength(0);
                            inBody = true;
                        }
                    } else {
                        result = body.next(in);
                        if (result == BodyReader.DATA) {
                            final int n = (int) body.dataBytes(in);
                            data.append(new String(in.readBytes(n), StandardCharsets.ISO_8859_1));
                            body.consumed(n);
                        } else if (result == BodyReader.END) {
                            log.add(head.method() + " " + head.target() + " " + head.version() + " " + head.host() + " "
                                    + head.keepsAlive() + " "
                                    + head.expectsContinue() + "\n" + head.headers() + "\n" + data + "\n"
                                    + (head.isChunked() ? body.trailers() : ""));
                            inBody = false;
                            result = 1;
                        }
                    }
                }
                if (result != 0) {
                    log.add(String.valueOf(result));
                    return log;
                }
                if (at == stream.length) {
                    return log;
                }
                final int n = Math.min(Math.max(1, cuts.getAsInt()), stream.length - at);
                in.writeBytes(stream, at, n);
                at += n;
            }
        }
    }
}
