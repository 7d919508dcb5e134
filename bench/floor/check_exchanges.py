"""Checks of the load generator's ways that speak HTTP, WebSocket and TLS, against servers in this process. Part of check."""
import base64
import contextlib
import hashlib
import itertools
import json
import os
import select
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import unittest
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
LOAD = os.path.join(HERE, "out", "load")
ACCEPT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def can(what):
    return what in subprocess.run([LOAD, "--can"], capture_output=True, text=True, check=True).stdout.split()


class Against(unittest.TestCase):
    def load_against(self, serve, target, *arguments, seconds=0.2):
        """Runs load against a server that hands each connection, as a socket, to serve, which may end it."""
        with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:
            def handle(connection):
                with connection, contextlib.suppress(OSError, EOFError):
                    serve(connection)

            def accept():
                with contextlib.suppress(OSError):
                    while True:
                        threading.Thread(target=handle, args=(listener.accept()[0],), daemon=True).start()
            threading.Thread(target=accept, daemon=True).start()
            target = target.replace("PORT", str(listener.getsockname()[1]))
            done = subprocess.run([LOAD, target, *map(str, arguments), "--warmup", "0", "--seconds", str(seconds)],
                                  capture_output=True, text=True, timeout=60, check=False)
            listener.shutdown(socket.SHUT_RDWR)
        return done.returncode, done.stdout, done.stderr

    def assert_measures(self, result):
        status, out, err = result
        self.assertEqual(status, 0, err)
        report = json.loads(out)
        self.assertGreater(report["requests"], 0)
        return report

    def assert_fails(self, result, message):
        status, out, err = result
        self.assertEqual((status, out), (1, ""))
        self.assertRegex(err, message)


def exactly(connection, count):
    content = bytearray()
    while len(content) < count:
        part = connection.recv(count - len(content))
        if not part:
            raise EOFError
        content += part
    return bytes(content)


def head_of(connection):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += exactly(connection, 1)
    return head


class Http(Against):
    def against(self, answer, *arguments):
        """The answer is made of the number of the request on its connection."""
        self.heads = []

        def serve(connection):
            number = 0
            while True:
                self.heads.append(head_of(connection))
                connection.sendall(answer(number))
                number += 1
        return self.load_against(serve, "http://127.0.0.1:PORT/a/b", *arguments)

    @staticmethod
    def hello(number, body=b"Hello", date=None, more=b""):
        date = b"Date: %s\r\n" % (date or b"%06d" % number)
        return b"HTTP/1.1 200 OK\r\n%s%sContent-Length: %d\r\n\r\n%s" % (date, more, len(body), body)

    def test_takes_answers_whose_date_changes(self):
        report = self.assert_measures(self.against(self.hello, "--connections", 3, "--in-flight", 4, "--body", "Hello"))
        self.assertEqual(report["answer_bytes"], len(self.hello(0)))
        self.assertTrue(all(head.startswith(b"GET /a/b HTTP/1.1\r\nHost: 127.0.0.1:") for head in self.heads))

    def test_takes_answers_however_they_are_cut(self):
        for cut in (1, 7, 100):
            def serve(connection, cut=cut):
                out = b""
                head_of(connection)
                connection.sendall(self.hello(0))
                while True:
                    head_of(connection)
                    out += self.hello(1)
                    while len(out) >= cut:
                        connection.sendall(out[:cut])
                        out = out[cut:]
                    connection.sendall(out)
                    out = b""
            with self.subTest(cut=cut):
                self.assert_measures(self.load_against(serve, "http://127.0.0.1:PORT/", "--in-flight", 3))

    def test_batch_waits_for_all_answers(self):
        def serve(connection):
            head_of(connection)
            connection.sendall(self.hello(0))
            for patience in itertools.chain((0.05, 0.05), itertools.repeat(0)):
                for _ in range(16):
                    head_of(connection)
                for number in range(15):
                    connection.sendall(self.hello(number))
                # A failure here closes the connection, which load notices.
                self.assertEqual(select.select([connection], [], [], patience)[0], [])
                connection.sendall(self.hello(15))
        self.assert_measures(self.load_against(serve, "http://127.0.0.1:PORT/", "--in-flight", 16, "--batch"))

    def test_batch_leaves_at_once(self):
        def serve(connection):
            head = head_of(connection)
            connection.sendall(self.hello(0))
            while True:
                received = connection.recv(1 << 16)
                if not received:
                    return
                self.assertEqual(len(received), 16 * len(head))
                connection.sendall(b"".join(self.hello(number) for number in range(16)))
        self.assert_measures(self.load_against(serve, "http://127.0.0.1:PORT/", "--in-flight", 16, "--batch"))

    def test_notices_what_differs_from_the_first(self):
        for changed in (dict(body=b"Hallo"), dict(more=b"X: y\r\n"), dict(date=b"0000001")):
            with self.subTest(changed):
                result = self.against(lambda number, changed=changed: self.hello(number, **(changed if number == 5 else {})))
                self.assert_fails(result, "differs from the first")

    def test_notices_more_than_was_asked_for(self):
        self.assert_fails(self.against(lambda number: self.hello(number) * (2 if number == 3 else 1)),
                          "more than there were requests")

    def test_refuses_what_is_not_the_answer_wanted(self):
        for answer, message in (
                (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "404 Not Found"),
                (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "Content-Length"),
                (self.hello(0, body=b"Other"), "--body")):
            with self.subTest(message):
                self.assert_fails(self.against(lambda number, answer=answer: answer, "--body", "Hello"), message)

    def test_notices_a_close(self):
        def serve(connection):
            for number in range(3):
                head_of(connection)
                connection.sendall(self.hello(number))
        self.assert_fails(self.load_against(serve, "http://127.0.0.1:PORT/"), "closed a connection|reset")


def frame(first, payload):
    length = len(payload)
    if length < 126:
        return struct.pack(">BB", first, length) + payload
    return struct.pack(">BBH", first, 126, length) + payload if length < 65536 else struct.pack(">BBQ", first, 127, length) + payload


def masked_frame(connection):
    """The first byte and the payload of what a client has sent."""
    first, length = exactly(connection, 2)
    assert length & 0x80, "a client must mask"
    length &= 0x7F
    if length > 125:
        length = int.from_bytes(exactly(connection, 2 if length == 126 else 8), "big")
    mask = exactly(connection, 4)
    payload = exactly(connection, length)
    mask = (mask * (length // 4 + 1))[:length]
    return first, (int.from_bytes(payload, "big") ^ int.from_bytes(mask, "big")).to_bytes(length, "big")


class WebSocket(Against):
    def against(self, answer, *arguments, extension="", accept=None):
        """The answer, as bytes, is made of a message's first byte and payload, and what the connection keeps."""
        def serve(connection):
            headers = dict(line.split(": ") for line in head_of(connection).decode().split("\r\n")[1:-2])
            self.assertEqual((headers["Upgrade"], headers["Sec-WebSocket-Version"]), ("websocket", "13"))
            key = base64.b64encode(hashlib.sha1(headers["Sec-WebSocket-Key"].encode() + ACCEPT).digest()).decode()
            connection.sendall((f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                f"{extension}Sec-WebSocket-Accept: {accept or key}\r\n\r\n").encode())
            kept = {}
            while True:
                connection.sendall(answer(*masked_frame(connection), kept))
        return self.load_against(serve, "ws://127.0.0.1:PORT/echo", *arguments)

    def test_takes_messages_of_every_size(self):
        for size in (1, 64, 125, 126, 65535, 65536, 300_000):
            with self.subTest(size=size):
                self.assert_measures(self.against(lambda first, payload, kept: frame(first, payload), "--size", size,
                                                  "--connections", 2, "--in-flight", 3))

    def test_text_is_text(self):
        def answer(first, payload, kept):
            self.assertEqual((first, len(json.loads(payload.split(b"}")[0] + b"}"))), (0x81, 5))
            return frame(first, payload)
        self.assert_measures(self.against(answer, "--text", "--size", 100))

    def test_takes_fragments_with_pings_between(self):
        self.assert_measures(self.against(
            lambda first, payload, kept: (frame(first & 0x0F, payload[:10]) + frame(0x89, b"ping") + frame(0, payload[10:40])
                                          + frame(0x8A, b"") + frame(0x80, payload[40:])), "--size", 64))

    def test_notices_what_is_wrong(self):
        for answer, message in (
                (lambda first, payload, kept: frame(first, payload[:-1] + b"?"), "not the message"),
                (lambda first, payload, kept: frame(first, payload[:-1]), "shorter"),
                (lambda first, payload, kept: frame(first, payload + b"}"), "not the message"),
                (lambda first, payload, kept: frame(0x81, payload), "not of the kind"),
                (lambda first, payload, kept: frame(0x80, payload), "fragments"),
                (lambda first, payload, kept: frame(0xC2, payload), "it is compressed"),
                (lambda first, payload, kept: frame(0xA2, payload), "no bits"),
                (lambda first, payload, kept: bytes([first, 0x80 | 64, 0, 0, 0, 0]) + payload, "no mask"),
                (lambda first, payload, kept: frame(0x88, b"\x03\xe8"), "closes"),
                (lambda first, payload, kept: 2 * frame(first, payload), "not the message|more than")):
            with self.subTest(message):
                self.assert_fails(self.against(answer, "--size", 64), message)

    def test_notices_a_server_that_does_not_agree(self):
        self.assert_fails(self.against(lambda *_: b"", accept="nonsense"), "sec-websocket-accept is 'nonsense'")

        def serve(connection):
            head_of(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        self.assert_fails(self.load_against(serve, "ws://127.0.0.1:PORT/"), "200 OK")

    DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate\r\n"

    def deflating(self, takes_over):
        def answer(first, payload, kept):
            self.assertEqual(first, 0xC2)
            if "in" not in kept:
                kept["in"] = zlib.decompressobj(-15)
            if "out" not in kept or not takes_over:
                kept["out"] = zlib.compressobj(6, zlib.DEFLATED, -15)
            plain = kept["in"].decompress(payload + b"\0\0\xff\xff")
            self.assertEqual(len(plain), self.size)
            out = kept["out"].compress(plain) + kept["out"].flush(zlib.Z_SYNC_FLUSH)
            return frame(0xC2, out[:-4])
        return answer

    @unittest.skipUnless(can("deflate"), "load was built without zlib")
    def test_inflates_what_comes_back_with_and_without_a_context(self):
        for takes_over in (True, False):
            for self.size in (64, 65536):
                with self.subTest(takes_over=takes_over, size=self.size):
                    report = self.assert_measures(self.against(
                        self.deflating(takes_over), "--deflate", "--size", self.size, "--connections", 2, "--in-flight", 2,
                        extension=self.DEFLATE))
                    self.assertEqual(report["extensions"], "permessage-deflate")
                    self.assertLess(report["message_bytes"], self.size + 14)

    @unittest.skipUnless(can("deflate"), "load was built without zlib")
    def test_notices_what_is_wrong_under_compression(self):
        self.assert_fails(self.against(lambda *_: b"", "--deflate"), "sec-websocket-extensions is ''")
        for answer, message in (
                (lambda first, payload, kept: frame(0x82, bytes(64)), "not compressed"),
                (lambda first, payload, kept: frame(0xC2, b"\xff" * 20), "cannot be inflated"),
                (lambda first, payload, kept: frame(0xC2, zlib.compress(bytes(64))[2:-4]), "not the message|inflated")):
            with self.subTest(message):
                self.assert_fails(self.against(answer, "--deflate", "--size", 64, extension=self.DEFLATE), message)


@unittest.skipUnless(can("tls"), "load was built without OpenSSL")
class Tls(Against):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.directory.cleanup)
        for name in ("it", "other"):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                            "2", "-subj", "/CN=localhost", "-keyout", cls.path(name + ".key"), "-out", cls.path(name + ".pem")],
                           check=True, capture_output=True)

    @classmethod
    def path(cls, name):
        return os.path.join(cls.directory.name, name)

    def against(self, *arguments, answer=lambda received: received, most=ssl.TLSVersion.TLSv1_3):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.maximum_version = most
        context.load_cert_chain(self.path("it.pem"), self.path("it.key"))
        self.connections = 0

        def serve(connection):
            self.connections += 1
            with context.wrap_socket(connection, server_side=True) as secure:
                while received := secure.recv(1 << 16):
                    secure.sendall(answer(received))
        return self.load_against(serve, "tls://127.0.0.1:PORT", *arguments)

    def test_echo_of_every_size(self):
        for size in (1, 1000, 16384, 100_000):
            with self.subTest(size=size):
                report = self.assert_measures(self.against("--size", size, "--connections", 2, "--in-flight", 3,
                                                           "--ca", self.path("it.pem")))
                self.assertEqual(report["tls"], "TLSv1.3 TLS_AES_128_GCM_SHA256, key EC of 256 bits")

    def test_each_handshake_has_a_connection(self):
        report = self.assert_measures(self.against("--handshakes", "--size", 16, "--connections", 3,
                                                   "--ca", self.path("it.pem")))
        self.assertGreaterEqual(self.connections, report["requests"])
        self.assertLessEqual(self.connections, report["requests"] + 3)

    def test_notices_what_is_wrong(self):
        for kind in ([], ["--handshakes"]):
            with self.subTest(kind):
                self.assert_fails(self.against("--ca", self.path("other.pem"), *kind), "verify failed")
                self.assert_fails(self.against(*kind, most=ssl.TLSVersion.TLSv1_2), "alert protocol version")
                self.assert_fails(self.against(*kind, answer=lambda received: received[:-1] + b"?"), "other bytes")


class Building(unittest.TestCase):
    def test_says_what_it_cannot_do(self):
        with tempfile.TemporaryDirectory() as directory:
            subprocess.run([os.path.join(HERE, "build")], check=True,
                           env={**os.environ, "OUT": directory, "WITHOUT": "tls deflate", "CFLAGS": "-O0"})
            built = os.path.join(directory, "load")
            self.assertEqual(subprocess.run([built, "--can"], capture_output=True, text=True, check=True).stdout, "")
            for arguments, message in ((["tls://127.0.0.1:1", "--handshakes"], "libssl-dev"),
                                       (["ws://127.0.0.1:1", "--deflate"], "zlib1g-dev")):
                done = subprocess.run([built, *arguments], capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 1)
                self.assertIn(message, done.stderr)

    def test_refuses_options_that_do_not_fit(self):
        for arguments in (["http://h:1", "--deflate"], ["http://h:1", "--rate", "5"], ["ws://h:1", "--body", "x"],
                          ["tcp://h:1", "--batch"], ["ws://h:1", "--handshakes"], ["ws://h:1", "--ca", "x"],
                          ["tls://h:1", "--idle"]):
            with self.subTest(arguments):
                done = subprocess.run([LOAD, *arguments], capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 1)
                self.assertIn("for", done.stderr)
