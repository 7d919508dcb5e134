// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.buffer.Slice;
import io.hawser.connection.Connection;
import java.io.InputStream;
import java.net.SocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Asks another request; for handlers that wrap others. */
abstract class ForwardingRequest implements Request {
    private final Request source;

    ForwardingRequest(Request source) {
        this.source = source;
    }

    @Override
    public String method() {
        return source.method();
    }

    @Override
    public String target() {
        return source.target();
    }

    @Override
    public String rawPath() {
        return source.rawPath();
    }

    @Override
    public String path() {
        return source.path();
    }

    @Override
    public Optional<String> query() {
        return source.query();
    }

    @Override
    public Optional<String> parameter(String name) {
        return source.parameter(name);
    }

    @Override
    public Map<String, List<String>> parameters() {
        return source.parameters();
    }

    @Override
    public HttpVersion version() {
        return source.version();
    }

    @Override
    public Headers headers() {
        return source.headers();
    }

    @Override
    public String host() {
        return source.host();
    }

    @Override
    public Optional<String> pathValue(String name) {
        return source.pathValue(name);
    }

    @Override
    public void setPathValue(String name, String value) {
        source.setPathValue(name, value);
    }

    @Override
    public long contentLength() {
        return source.contentLength();
    }

    @Override
    public InputStream body() {
        return source.body();
    }

    @Override
    public Slice readSlice(int limit) {
        return source.readSlice(limit);
    }

    @Override
    public byte[] bytes(int limit) {
        return source.bytes(limit);
    }

    @Override
    public String string(int limit) {
        return source.string(limit);
    }

    @Override
    public Headers trailers() {
        return source.trailers();
    }

    @Override
    public Optional<SocketAddress> remoteAddress() {
        return source.remoteAddress();
    }

    @Override
    public boolean isSecure() {
        return source.isSecure();
    }

    @Override
    public Connection connection() {
        return source.connection();
    }
}
