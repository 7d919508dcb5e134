// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.buffer.Slice;
import io.hawser.connection.Connection;
import io.hawser.connection.Engine;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Proxy;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A request without a connection, unless it is given an engine: then it has one that can tell of it. */
final class FakeRequest implements Request {
    private final String method;
    private final String target;
    private final String host;
    private final Headers headers = new Headers();
    private final Map<String, String> pathValues = new HashMap<>();
    private byte[] body = {};
    private int mostAtOnce = Integer.MAX_VALUE;
    private @Nullable Engine engine;

    FakeRequest(String method, String target, String host) {
        this.method = method;
        this.target = target;
        this.host = host;
    }

    static FakeRequest get(String target) {
        return new FakeRequest("GET", target, "");
    }

    FakeRequest header(String name, String value) {
        headers.add(name, value);
        return this;
    }

    FakeRequest engine(Engine of) {
        engine = of;
        return this;
    }

    FakeRequest body(String text) {
        return body(text.getBytes(StandardCharsets.UTF_8));
    }

    FakeRequest body(byte[] bytes) {
        body = bytes;
        return this;
    }

    /** The body is read in pieces of at most so many bytes. */
    FakeRequest pieces(int bytes) {
        mostAtOnce = bytes;
        return this;
    }

    @Override
    public String method() {
        return method;
    }

    @Override
    public String target() {
        return target;
    }

    @Override
    public String rawPath() {
        final int mark = target.indexOf('?');
        return method.equals("CONNECT") ? "" : mark < 0 ? target : target.substring(0, mark);
    }

    @Override
    public String path() {
        return PercentCoding.decode(rawPath()).orElseThrow();
    }

    @Override
    public Optional<String> query() {
        final int mark = target.indexOf('?');
        return mark < 0 ? Optional.empty() : Optional.of(target.substring(mark + 1));
    }

    @Override
    public Optional<String> parameter(String name) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Map<String, List<String>> parameters() {
        throw new UnsupportedOperationException();
    }

    @Override
    public HttpVersion version() {
        return HttpVersion.HTTP_1_1;
    }

    @Override
    public Headers headers() {
        return headers;
    }

    @Override
    public String host() {
        return host;
    }

    @Override
    public Optional<String> pathValue(String name) {
        return Optional.ofNullable(pathValues.get(name));
    }

    @Override
    public void setPathValue(String name, String value) {
        pathValues.put(name, value);
    }

    @Override
    public long contentLength() {
        return body.length;
    }

    @Override
    public InputStream body() {
        return new FilterInputStream(new ByteArrayInputStream(body)) {
            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                return super.read(target, offset, Math.min(length, mostAtOnce));
            }
        };
    }

    @Override
    public Slice readSlice(int limit) {
        throw new UnsupportedOperationException();
    }

    @Override
    public byte[] bytes(int limit) {
        if (body.length > limit) {
            throw new HttpException(413, "Too long");
        }
        return body.clone();
    }

    @Override
    public String string(int limit) {
        return new String(bytes(limit), StandardCharsets.UTF_8);
    }

    @Override
    public Headers trailers() {
        return new Headers();
    }

    @Override
    public Optional<SocketAddress> remoteAddress() {
        return Optional.empty();
    }

    @Override
    public boolean isSecure() {
        return false;
    }

    @Override
    public Connection connection() {
        final Object known = engine;
        return (Connection) Proxy.newProxyInstance(
                FakeRequest.class.getClassLoader(), new Class<?>[] {Connection.class}, (_, method, _) -> {
                    if (known == null || !method.getName().equals("engine")) {
                        throw new UnsupportedOperationException(method.toString());
                    }
                    return known;
                });
    }
}
