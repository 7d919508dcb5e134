// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.connection.FileSource;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** Several ranges of a file in one answer, {@code multipart/byteranges} (RFC 9110, 14.6). Stateless. */
final class MultipartRanges {
    private MultipartRanges() {}

    /** Sends them in the order in which they were asked for, with a length that is known before. */
    static void send(FileSource file, List<ByteRanges.Range> ranges, Response response) throws IOException {
        final ThreadLocalRandom random = ThreadLocalRandom.current();
        final String boundary = String.format("%016x%016x", random.nextLong(), random.nextLong());
        final String type = response.headers().first("Content-Type").orElse(ContentTypes.UNKNOWN);
        final List<byte[]> heads = new ArrayList<>(ranges.size());
        final byte[] end = ascii("\r\n--" + boundary + "--\r\n");
        long length = end.length;
        for (ByteRanges.Range range : ranges) {
            final byte[] head = ascii((heads.isEmpty() ? "--" : "\r\n--") + boundary + "\r\nContent-Type: " + type
                    + "\r\nContent-Range: " + range.of(file.size()) + "\r\n\r\n");
            heads.add(head);
            length += head.length + range.length();
        }
        response.status(206)
                .header("Content-Type", "multipart/byteranges; boundary=" + boundary)
                .header("Content-Length", Long.toString(length));
        final OutputStream out = response.outputStream();
        for (int i = 0; i < ranges.size(); i++) {
            out.write(heads.get(i));
            FileCopy.copy(file, ranges.get(i).start(), ranges.get(i).length(), out);
        }
        out.write(end);
        response.end();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
