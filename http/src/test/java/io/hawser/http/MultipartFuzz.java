// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** What {@code tools/fuzz} runs: whatever comes as a form in parts, however it is cut, is the same parts and the same refusal, and no more parts than allowed. */
public final class MultipartFuzz {
    private static final int MOST_PARTS = 5;

    private MultipartFuzz() {}

    /** Called by Jazzer with whatever it thinks of: a body whose boundary is {@code b}. */
    public static void fuzzerTestOneInput(byte[] input) throws IOException {
        final String whole = outcome(input, Math.max(1, input.length));
        for (int piece : new int[] {1, 2, 5, 31}) {
            final String cut = outcome(input, piece);
            if (!whole.equals(cut)) {
                throw new AssertionError(whole + ", and cut " + cut);
            }
        }
    }

    private static String outcome(byte[] input, int piece) throws IOException {
        final FakeRequest request = new FakeRequest("POST", "/", "")
                .header("Content-Type", "multipart/form-data; boundary=b")
                .body(input)
                .pieces(piece);
        final StringBuilder parts = new StringBuilder();
        int count = 0;
        try {
            final MultipartForm form = MultipartForm.of(request, MOST_PARTS);
            for (Optional<MultipartForm.Part> next = form.next(); next.isPresent(); next = form.next()) {
                final MultipartForm.Part part = next.get();
                if (++count > MOST_PARTS) {
                    throw new AssertionError("more parts than allowed");
                }
                parts.append(part.name()).append('|').append(part.fileName()).append('|');
                // Every other one is skipped.
                if (count % 2 == 1) {
                    parts.append(new String(part.body().readAllBytes(), StandardCharsets.ISO_8859_1));
                }
                parts.append('\n');
            }
        } catch (HttpException e) {
            parts.append(e.status()).append(' ').append(e.getMessage());
        }
        return parts.toString();
    }
}
