// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeadersFactory;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import java.util.concurrent.TimeUnit;

/** Answers each request by {@link Hello}, without a copy of the body. One for each connection. */
final class NettyHello extends NettyAnswers {
    private static final ByteBuf BODY = Unpooled.unreleasableBuffer(
            Unpooled.directBuffer().writeBytes(Hello.body()).asReadOnly());
    private static final AsciiString LENGTH = AsciiString.cached(Integer.toString(Hello.BODY.length()));
    private static final AsciiString TYPE = AsciiString.cached(Hello.TYPE);

    /** What is in these headers is ours. */
    private static final HttpHeadersFactory UNCHECKED =
            DefaultHttpHeadersFactory.headersFactory().withValidation(false);

    private static volatile Dated dated = Dated.now();

    private boolean keepAlive = true;

    NettyHello(boolean flushEach) {
        super(flushEach);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        try {
            if (message instanceof HttpRequest request) {
                if (request.decoderResult().isFailure()) {
                    final var unused = context.close();
                    return;
                }
                keepAlive = HttpUtil.isKeepAlive(request);
            }
            if (message instanceof LastHttpContent) {
                answer(context);
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void answer(ChannelHandlerContext context) {
        final FullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, HttpResponseStatus.OK, BODY.duplicate(), UNCHECKED, UNCHECKED);
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, TYPE)
                .set(HttpHeaderNames.CONTENT_LENGTH, LENGTH)
                .set(HttpHeaderNames.DATE, Dated.current());
        if (keepAlive) {
            answer(context, response);
        } else {
            response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
            context.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        final var unused = context.close();
    }

    private record Dated(AsciiString text, long untilNs) {
        static Dated now() {
            return new Dated(
                    new AsciiString(Hello.date()), System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(Hello.DATE_MS));
        }

        /** By whichever thread comes first after a second; more than one may make it. */
        static AsciiString current() {
            Dated last = dated;
            if (System.nanoTime() - last.untilNs >= 0) {
                last = now();
                dated = last;
            }
            return last.text;
        }
    }
}
