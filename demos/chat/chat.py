"""The chat's back end in Python: messages since an id, in SQLite. README.md tells its rules.

It is started by `demos/chat/run python`, which names the node, the database and the secret of the
derived ids in the environment.
"""

import contextlib
import json
import os
import pathlib
import sqlite3
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from doorbell import Doorbell

SCHEMA = """
CREATE TABLE IF NOT EXISTS message(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  who TEXT NOT NULL,
  text TEXT NOT NULL,
  at REAL NOT NULL,
  told INTEGER NOT NULL DEFAULT 0 -- is the event of the version before it set?
);
CREATE INDEX IF NOT EXISTS untold ON message(at) WHERE told = 0;
"""
LONGEST = {"who": 40, "text": 1000}  # characters
LONGEST_BODY = 20_000  # bytes
AT_ONCE = 200  # messages in an answer; where there are more, the event that it names is set
THERE_IS = "There is GET /, and GET and POST /messages."
OVERDUE = 1.0  # seconds after which a reader sets what a writer should have set


class Chat:
    def __init__(self):
        self.node = os.environ["CHAT_NODE"]
        self.bell = Doorbell(
            self.node,
            secret=os.environ["CHAT_SECRET"],
            spread=float(os.environ.get("CHAT_SPREAD", "0")),
        )
        self.topic = self.bell.topic("chat")
        with self.database() as db:
            db.execute("PRAGMA journal_mode = WAL")  # who reads doesn't hold up who writes
            db.executescript(SCHEMA)

    @contextlib.contextmanager
    def database(self):
        db = sqlite3.connect(os.environ["CHAT_DATABASE"], timeout=5, isolation_level=None)
        try:
            yield db
        finally:
            db.close()

    def since(self, version):
        """New messages after this one? The answer, and the event that tells of more."""
        with self.database() as db:
            # One statement is one snapshot: the version is that of the messages.
            rows = db.execute(
                "SELECT id, who, text FROM message WHERE id > ? ORDER BY id LIMIT ?",
                (version, AT_ONCE),
            ).fetchall()
            overdue = "SELECT 1 FROM message WHERE told = 0 AND at < ? LIMIT 1"
            if db.execute(overdue, (time.time() - OVERDUE,)).fetchone():
                self.tell(db)
        messages = [{"id": id, "who": who, "text": text} for id, who, text in rows]
        version = rows[-1][0] if rows else version
        return {"messages": messages, "version": version}, self.topic.at(version).id

    def check(self, version):
        """A database that was made anew knows less than a page that stayed open."""
        with self.database() as db:
            (last,) = db.execute("SELECT coalesce(max(id), 0) FROM message").fetchone()
            if version > last:
                raise Refused(409, "There is no such message: begin again at 0.")

    def say(self, who, text):
        with self.database() as db:
            insert = "INSERT INTO message(who, text, at) VALUES (?, ?, ?)"
            db.execute(insert, (who, text, time.time()))  # and commits
            self.tell(db)

    def tell(self, db):
        """Sets the event before each message that is untold; notes that when the node has it."""
        ids = [id for (id,) in db.execute("SELECT id FROM message WHERE told = 0 ORDER BY id")]
        if not ids:
            return  # another writer did it
        try:
            self.bell.set_all(self.topic.at(id - 1) for id in ids)
        except OSError as error:
            print("chat: will be told later:", error, file=sys.stderr)
            return
        db.execute("UPDATE message SET told = 1 WHERE told = 0 AND id <= ?", (ids[-1],))


class Refused(Exception):
    def __init__(self, status, sentence):
        super().__init__(sentence)
        self.status = status


class Handler(BaseHTTPRequestHandler):
    timeout = 10  # for who connects and says nothing
    chat: Chat
    page: bytes

    def do_GET(self):
        self.answer("GET")

    def do_POST(self):
        self.answer("POST")

    def answer(self, method):
        try:
            url = target(self.requestline)
            query = parse_qs(url.query)
            if url.path == "/messages":
                since = number(query.get("since", ["0"])[0])
                self.chat.check(since)
                if method == "POST":
                    self.chat.say(**self.said())
                answer, event = self.chat.since(since)
                header = self.chat.bell.header(event)
                self.send(200, "application/json", json.dumps(answer).encode(), header)
            elif url.path == "/" and method == "GET":
                self.send(200, "text/html; charset=utf-8", self.page)
            else:
                raise Refused(404, THERE_IS)
        except Refused as refused:
            problem = {"status": refused.status, "detail": str(refused)}
            self.send(refused.status, "application/problem+json", json.dumps(problem).encode())

    def said(self):
        length = number(self.headers.get("Content-Length") or "0")
        if length > LONGEST_BODY:
            raise Refused(413, f"A message has at most {LONGEST_BODY} bytes.")
        fields = parse_qs(self.rfile.read(length).decode("utf-8", "replace"))
        said = {name: fields.get(name, [""])[0].strip() for name in LONGEST}
        for name, longest in LONGEST.items():
            if not 1 <= len(said[name]) <= longest:
                raise Refused(400, f"{name} has 1 to {longest} characters.")
        return said

    def send(self, status, type, body, *headers):
        self.send_response(status)
        for name, value in (("Content-Type", type), ("Cache-Control", "no-store"), *headers):
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def target(line):
    """The path and query that were asked for, of which http.server would shorten //x to /x."""
    text = line.split()[1]
    try:
        url = urlsplit(text)
    except ValueError as error:
        raise Refused(400, f"The target of the request is no URL: {error}.")
    if text.startswith("//"):
        raise Refused(404, THERE_IS)
    return url


def number(text):
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise Refused(400, "since is the number of a message, or 0.")
    return int(text)


class Server(ThreadingHTTPServer):
    request_queue_size = 256


def main(port):
    Handler.chat = Chat()
    page = pathlib.Path(__file__).with_name("page.html").read_bytes()
    Handler.page = page.replace(b"DOORBELL_URL", Handler.chat.node.encode())
    with Server(("127.0.0.1", int(port)), Handler) as server:
        print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
