// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.buffer.Buffer;
import io.hawser.buffer.Reader;
import io.hawser.buffer.Slice;
import io.hawser.connection.Connection;
import java.io.InputStream;
import java.net.SocketAddress;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A request that is being served. */
final class ServerRequest implements Request {
    private static final long UNKNOWN = Long.MIN_VALUE;

    private @Nullable Exchange exchange;

    private @Nullable String path;
    private @Nullable Map<String, List<String>> parameters;
    private @Nullable Map<String, String> pathValues;
    private @Nullable InputStream stream;
    private boolean continueAwaited;
    private boolean failed;
    private long contentLength = UNKNOWN;

    ServerRequest(Exchange exchange) {
        this.exchange = exchange;
    }

    private Exchange exchange() {
        return Exchange.requireLive(exchange);
    }

    private RequestHead head() {
        return exchange().head();
    }

    private BodyReader reader() {
        return exchange().body();
    }

    /** Nobody is to use it any more. */
    void over() {
        exchange = null;
    }

    void begin() {
        path = null;
        parameters = null;
        pathValues = null;
        stream = null;
        failed = false;
        contentLength = head().contentLength();
        continueAwaited = head().expectsContinue() && head().hasBody();
    }

    // ---- the head

    @Override
    public String method() {
        return head().method();
    }

    @Override
    public String target() {
        return head().target();
    }

    @Override
    public String rawPath() {
        final String target = head().target();
        switch (head().form()) {
            case AUTHORITY -> {
                return "";
            }
            case ASTERISK -> {
                return target;
            }
            case ABSOLUTE -> {
                final int start = target.indexOf('/', target.indexOf("://") + 3);
                final int end = endOfPath(target);
                return start < 0 || start >= end ? "/" : target.substring(start, end);
            }
            default -> {
                final int end = endOfPath(target);
                return end == target.length() ? target : target.substring(0, end);
            }
        }
    }

    private static int endOfPath(String target) {
        final int query = target.indexOf('?');
        return query < 0 ? target.length() : query;
    }

    @Override
    public String path() {
        String decoded = path;
        if (decoded == null) {
            decoded = TargetText.decodePath(rawPath());
            path = decoded;
        }
        return decoded;
    }

    @Override
    public Optional<String> query() {
        final String target = head().target();
        final int mark = target.indexOf('?');
        return mark < 0 ? Optional.empty() : Optional.of(target.substring(mark + 1));
    }

    @Override
    public Optional<String> parameter(String name) {
        final List<String> values = parameters().get(name);
        return values == null ? Optional.empty() : Optional.of(values.getFirst());
    }

    @Override
    public Map<String, List<String>> parameters() {
        Map<String, List<String>> decoded = parameters;
        if (decoded == null) {
            decoded = TargetText.decodeQuery(query().orElse(""));
            parameters = decoded;
        }
        return decoded;
    }

    @Override
    public HttpVersion version() {
        return head().version();
    }

    @Override
    public Headers headers() {
        return head().headers();
    }

    @Override
    public String host() {
        return head().host();
    }

    @Override
    public Optional<String> pathValue(String name) {
        final Map<String, String> values = pathValues;
        return values == null ? Optional.empty() : Optional.ofNullable(values.get(name));
    }

    @Override
    public void setPathValue(String name, String value) {
        Map<String, String> values = pathValues;
        if (values == null) {
            values = new HashMap<>(4);
            pathValues = values;
        }
        values.put(Objects.requireNonNull(name, "name"), Objects.requireNonNull(value, "value"));
    }

    // ---- the body

    @Override
    public long contentLength() {
        return contentLength;
    }

    @Override
    public InputStream body() {
        InputStream made = stream;
        if (made == null) {
            made = new BodyStream(this);
            stream = made;
        }
        return made;
    }

    /** Whether the peer waits to be told to send the body. */
    boolean isContinueAwaited() {
        return continueAwaited;
    }

    /** Whether no more than {@code bytes} of the body are known to be left, and it can be read on. */
    boolean isReadable(long bytes) {
        return !failed && !continueAwaited && reader().remainingBytes() <= bytes;
    }

    /** How many bytes of data can be read now, after waiting for one; 0 at the end. */
    long await(Reader in) {
        while (true) {
            final int result = reader().next(in);
            switch (result) {
                case BodyReader.DATA -> {
                    return reader().dataBytes(in);
                }
                case BodyReader.END -> {
                    return 0;
                }
                case BodyReader.MORE -> {
                    sendContinue();
                    try {
                        exchange().connection().awaitBody(in);
                    } catch (HttpException e) {
                        failed = true;
                        throw e;
                    }
                }
                default -> throw failure(result);
            }
        }
    }

    /** The body cannot be read on. */
    void failed() {
        failed = true;
    }

    private HttpException failure(int status) {
        failed = true;
        return new HttpException(
                status, "The body of the request " + (status == 400 ? "is malformed" : "is too large"));
    }

    /** Tells the peer to send the body, if it waits for that. */
    void sendContinue() {
        if (continueAwaited) {
            continueAwaited = false;
            if (!exchange().response().isCommitted()) {
                final HttpConnection connection = exchange().connection();
                connection.writer().writeBytes(Statuses.line(100)).writeShort(0x0d0a);
                connection.writer().flush();
            }
        }
    }

    Reader source() {
        return exchange().connection().bodySource();
    }

    void consumed(long bytes) {
        reader().consumed(bytes);
    }

    @Override
    public Slice readSlice(int limit) {
        if (limit <= 0) {
            throw new IllegalArgumentException("The limit must be positive: " + limit);
        }
        final Reader in = source();
        final long n = Math.min(await(in), limit);
        final Slice slice = in.slice(n);
        if (n > 0) {
            reader().consumed(n);
        }
        return slice;
    }

    /** Reads what is left of the body, and throws it away; false if there are more than {@code limit} bytes. */
    boolean drain(long limit) {
        final Reader in = source();
        long left = limit;
        while (true) {
            final long n = await(in);
            if (n == 0) {
                return true;
            }
            if (n > left || reader().remainingBytes() > left) {
                return false;
            }
            in.skip(n);
            reader().consumed(n);
            left -= n;
        }
    }

    @Override
    public byte[] bytes(int limit) {
        if (reader().remainingBytes() > limit) {
            throw new HttpException(
                    413, "The body has " + reader().remainingBytes() + " bytes; the handler takes " + limit);
        }
        final Reader in = source();
        try (Buffer all = new Buffer(connection().loop().blocks())) {
            for (long n = await(in); n > 0; n = await(in)) {
                if (n > limit - all.readableBytes()) {
                    throw new HttpException(
                            413, "The body is longer than the " + limit + " bytes that the handler takes");
                }
                all.append(in, n);
                reader().consumed(n);
            }
            return all.readBytes((int) all.readableBytes());
        }
    }

    @Override
    public String string(int limit) {
        final Charset charset = charset();
        return new String(bytes(limit), charset);
    }

    private Charset charset() {
        final Optional<String> name =
                headers().first("Content-Type").flatMap(type -> MediaTypes.parameter(type, "charset"));
        if (name.isEmpty()) {
            return StandardCharsets.UTF_8;
        }
        try {
            return Charset.forName(name.get());
        } catch (IllegalArgumentException e) {
            throw new HttpException(415, "Unknown charset " + Quoted.of(name.get()));
        }
    }

    @Override
    public Headers trailers() {
        return reader().isOver() && contentLength < 0 ? reader().trailers() : new Headers();
    }

    // ---- where it comes from

    @Override
    public Optional<SocketAddress> remoteAddress() {
        return connection().remoteAddress();
    }

    @Override
    public boolean isSecure() {
        return exchange().connection().context().isSecure();
    }

    @Override
    public Connection connection() {
        return exchange().connection().connection();
    }

    @Override
    public String toString() {
        return method() + " " + target() + " " + version();
    }
}
