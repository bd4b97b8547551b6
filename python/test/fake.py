"""A node that says what it is told to, and one that doesn't even listen."""

import socket
import threading


def answer(status, body="", *headers):
    lines = [f"HTTP/1.1 {status} Whatever", *headers]
    if status != 204:
        lines.append(f"Content-Length: {len(body.encode())}")
    return "\r\n".join([*lines, "", body]).encode()


def wake(*ids):
    return answer(200, '{"set":[%s]}\n' % ",".join(f'"{id}"' for id in ids))


class Request:
    def __init__(self, head, body):
        self.line, *self.headers = head.split("\r\n")
        self.body = body


class FakeNode:
    """Gives each request the next of its answers: bytes; bytes in pieces, of which a number is a
    pause; or a function of the request. Then it holds requests, until their client hangs up. A deaf
    one reads no request: any byte is one."""

    def __init__(self, *answers, tls=None, is_deaf=False):
        self._is_deaf = is_deaf
        self.answers = list(answers)
        self.requests = []
        self.hung_up = threading.Event()
        self.changed = threading.Condition()
        self._tls = tls
        self._closing = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0), backlog=300)
        self.port = self._server.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._closing.set()
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def lines(self):
        return [request.line.rsplit(" ", 1)[0] for request in self.requests]

    def await_requests(self, count):
        with self.changed:
            return self.changed.wait_for(lambda: len(self.requests) >= count)

    def _accept(self):
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            with connection:
                if self._tls:
                    connection = self._tls.wrap_socket(connection, server_side=True)
                with connection:
                    connection.settimeout(None)
                    self._serve_one(connection)
        except OSError:
            self.hung_up.set()

    def _serve_one(self, connection):
        request = self._read(connection)
        with self.changed:
            number = len(self.requests)
            self.requests.append(request)
            self.changed.notify_all()
        if number < len(self.answers):
            self._answer(connection, self.answers[number], request)
        elif connection.recv(1) == b"":
            self.hung_up.set()

    def _answer(self, connection, answer, request):
        if callable(answer):
            answer = answer(request)
        for piece in [answer] if isinstance(answer, bytes) else answer:
            if isinstance(piece, bytes):
                connection.sendall(piece)
            else:
                self._closing.wait(piece)

    def _read(self, connection):
        data = b""
        if self._is_deaf:
            return Request(ascii(self._more(connection)), "")
        while b"\r\n\r\n" not in data:
            data += self._more(connection)
        head, body = data.split(b"\r\n\r\n", 1)
        length = 0
        for line in head.decode("ascii").lower().split("\r\n"):
            if line.startswith("content-length:"):
                length = int(line.split(":")[1])
        while len(body) < length:
            body += self._more(connection)
        return Request(head.decode("ascii"), body.decode("ascii"))

    def _more(self, connection):
        more = connection.recv(65536)
        if not more:
            raise OSError("hung up early")
        return more


def nobody():
    """Holds a port that nobody listens at: whoever connects is refused."""
    holder = socket.socket()
    holder.bind(("127.0.0.1", 0))
    return holder, f"http://127.0.0.1:{holder.getsockname()[1]}"
