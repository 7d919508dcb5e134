// SPDX-License-Identifier: Apache-2.0
package io.hawser.examples;

import io.hawser.session.EventListener;
import io.hawser.session.MalformedMessageException;
import io.hawser.session.Session;
import io.hawser.session.SessionServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** A server for Redis clients, with a few commands and everything in memory: to see what a protocol of somebody else's takes. */
public final class Redis implements EventListener<Resp> {
    private static final long MOST_BYTES = 256L << 20;
    private static final int MAX_COMMAND_BYTES = 1 << 20;
    private static final Resp OK = new Resp.Simple("OK");
    private static final Resp PONG = new Resp.Simple("PONG");
    private static final Resp MISSING = new Resp.Missing();
    private static final Resp NOTHING = new Resp.Many(List.of());

    private final ConcurrentHashMap<ByteBuffer, byte[]> values = new ConcurrentHashMap<>();
    private final AtomicLong bytes = new AtomicLong();

    private Redis() {}

    static SessionServer<Resp> serve(String address) throws IOException {
        return SessionServer.builder(address, new RespCodec())
                .listener(new Redis())
                .maxMessageBytes(MAX_COMMAND_BYTES)
                .start();
    }

    @Override
    public void onMessage(Session<Resp> session, Resp message) {
        if (!(message instanceof Resp.Command(List<byte[]> words)) || words.isEmpty()) {
            // An empty line: Redis says nothing to it, too.
            return;
        }
        final String name = text(words.getFirst()).toUpperCase(Locale.ROOT);
        session.send(answer(name, words));
        if (name.equals("QUIT")) {
            session.close();
        }
    }

    @Override
    public void onError(Session<Resp> session, Throwable error) {
        if (error instanceof MalformedMessageException) {
            session.send(new Resp.Failure("ERR Protocol error"));
        }
    }

    private Resp answer(String name, List<byte[]> words) {
        final int arguments = words.size() - 1;
        return switch (name) {
            case "PING" -> arguments > 1 ? wrongNumber(name) : arguments == 0 ? PONG : new Resp.Bulk(words.get(1));
            case "ECHO" -> arguments == 1 ? new Resp.Bulk(words.get(1)) : wrongNumber(name);
            case "SET" -> arguments == 2 ? set(words.get(1), words.get(2)) : options(name, arguments);
            case "GET" -> arguments == 1 ? get(words.get(1)) : wrongNumber(name);
            case "DEL" -> arguments > 0 ? new Resp.Whole(delete(words)) : wrongNumber(name);
            case "EXISTS" -> arguments > 0 ? new Resp.Whole(count(words)) : wrongNumber(name);
            case "INCR" -> arguments == 1 ? increment(words.get(1)) : wrongNumber(name);
            case "DBSIZE" -> new Resp.Whole(values.mappingCount());
            case "FLUSHALL" -> clear();
            case "QUIT", "SELECT", "CLIENT" -> OK;
            case "CONFIG" -> arguments == 2 ? setting(words.get(2)) : NOTHING;
            case "COMMAND" -> NOTHING;
            default -> new Resp.Failure("ERR unknown command");
        };
    }

    private static Resp wrongNumber(String name) {
        return new Resp.Failure("ERR wrong number of arguments for '" + name.toLowerCase(Locale.ROOT) + "' command");
    }

    private static Resp options(String name, int arguments) {
        return arguments < 2 ? wrongNumber(name) : new Resp.Failure("ERR syntax error");
    }

    /** Clients ask for some before they start; none is set. */
    private static Resp setting(byte[] name) {
        return new Resp.Many(List.of(new Resp.Bulk(name), new Resp.Bulk(new byte[0])));
    }

    private Resp set(byte[] key, byte[] value) {
        final long more = key.length + (long) value.length;
        if (bytes.addAndGet(more) > MOST_BYTES) {
            bytes.addAndGet(-more);
            return new Resp.Failure("OOM command not allowed when used memory > 'maxmemory'.");
        }
        final byte[] old = values.put(ByteBuffer.wrap(key), value);
        if (old != null) {
            bytes.addAndGet(-(key.length + (long) old.length));
        }
        return OK;
    }

    private Resp get(byte[] key) {
        final byte[] value = values.get(ByteBuffer.wrap(key));
        return value == null ? MISSING : new Resp.Bulk(value);
    }

    private long delete(List<byte[]> words) {
        long deleted = 0;
        for (byte[] key : words.subList(1, words.size())) {
            final byte[] old = values.remove(ByteBuffer.wrap(key));
            if (old != null) {
                bytes.addAndGet(-(key.length + (long) old.length));
                deleted++;
            }
        }
        return deleted;
    }

    private long count(List<byte[]> words) {
        return words.subList(1, words.size()).stream()
                .filter(key -> values.containsKey(ByteBuffer.wrap(key)))
                .count();
    }

    private Resp increment(byte[] key) {
        try {
            final byte[] next = values.compute(ByteBuffer.wrap(key), (_, old) -> {
                final long value = old == null ? 0 : Long.parseLong(text(old));
                final byte[] changed = Long.toString(Math.addExact(value, 1)).getBytes(StandardCharsets.US_ASCII);
                bytes.addAndGet(changed.length - (old == null ? -key.length : old.length));
                return changed;
            });
            return new Resp.Whole(Long.parseLong(text(next)));
        } catch (NumberFormatException | ArithmeticException _) {
            return new Resp.Failure("ERR value is not an integer or out of range");
        }
    }

    private Resp clear() {
        values.forEach((key, value) -> {
            if (values.remove(key, value)) {
                bytes.addAndGet(-(key.remaining() + (long) value.length));
            }
        });
        return OK;
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
