"""What the doctor says, as spec/doctor.json has it for all clients."""

import json
import os
import pathlib
import re
import ssl
import subprocess
import sys
import tempfile
import textwrap
import unittest
from concurrent.futures import ThreadPoolExecutor

import doorbell

from fake import FakeNode, answer, nobody
from node import ROOT, Node

SPEC = json.loads((ROOT / "spec" / "doctor.json").read_text(encoding="utf-8"))
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "python" / "src"),
               "PYTHONIOENCODING": "utf-8"}
HOURS = 7200  # seconds, of a fake that holds what it was asked
UNTRIED = ["tls/untried", "wake/untried"]


def setUpModule():
    global node
    node = Node()
    unittest.addModuleCleanup(node.close)


def doctor(*words, **environment):
    done = subprocess.run([sys.executable, "-m", "doorbell", *words], capture_output=True,
                          env={**ENVIRONMENT, **environment})
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def certificate(folder, name, days):
    """A context of a server, and the file that makes a client trust it."""
    key, file, names, ask = (
        str(pathlib.Path(folder, f"{name}{days}.{kind}")) for kind in ("key", "pem", "names", "ask")
    )
    pathlib.Path(names).write_text(f"subjectAltName=DNS:{name}")
    for command in (
        ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-keyout", key, "-subj", f"/CN={name}", "-out", ask],
        ["x509", "-req", "-in", ask, "-signkey", key, "-days", str(days), "-extfile", names,
         "-out", file],
    ):
        subprocess.run(["openssl", *command], check=True, capture_output=True)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file, key)
    return server, file


class DoctorTest(unittest.TestCase):
    maxDiff = None

    @staticmethod
    def filled(text, words):
        for name, word in words.items():
            text = text.replace("{%s}" % name, str(word))
        return text

    def finds(self, finds, url, done, marks="utf8", **words):
        """It says that, in the words of the spec, and nothing else."""
        host, port = re.fullmatch(r"https?://(.*):(\d+)(?:/.*)?", url).groups()
        words = {"url": url, "host": host, "place": f"{host}:{port}", "seconds": 10,
                 "trust": SPEC["trust"]["python"], **words}
        expected, code = "", 0
        for find in finds:
            mark, sentence, cure = SPEC["findings"][find]
            check = SPEC["checks"][find.partition("/")[0]]
            expected += f"{SPEC['marks'][marks][mark]} {check}: {sentence}\n"
            expected += "".join(f"{line}\n" for line in textwrap.wrap(
                self.filled(cure, words), 80, initial_indent="    ", subsequent_indent="    ",
                break_long_words=False, break_on_hyphens=False))
            code = 1 if mark == "bad" else code
        expected = self.filled(expected, words)
        status, out, error = done
        # How long a wake takes is the machine's affair.
        out = re.sub(r"(?<=: )[1-9][0-9]*(?= ms, )", "{millis}", out)
        self.assertEqual((out, status, error), (expected, code, ""))

    def test_it_has_the_words_of_all_clients(self):
        findings = {name: list(finding) for name, finding in doorbell._FINDINGS.items()}
        self.assertEqual(findings, SPEC["findings"])
        self.assertEqual(doorbell._MARKS, SPEC["marks"])
        self.assertEqual(doorbell._CHECKS, SPEC["checks"])
        self.assertEqual(doorbell._TRUST, SPEC["trust"]["python"])

    def test_all_is_well_with_a_node(self):
        well = ["reached/well", "tls/here", "wake/well"]
        self.finds(well, node.url, doctor("doctor", node.url))
        self.finds(well, node.url, doctor("doctor", node.url + "/"))
        url = node.url.replace("127.0.0.1", "localhost")
        self.finds(well, url, doctor("doctor", url))

    def test_where_nobody_answers_it_says_why(self):
        holder, url = nobody()
        with holder:
            self.finds(["reached/refused", *UNTRIED], url, doctor("doctor", url))
        url = "http://nowhere.invalid:8080/bell"
        self.finds(["reached/name", *UNTRIED], url, doctor("doctor", url))

    def test_it_tells_what_is_no_node(self):
        def told(case):
            answers = [[HOURS] if text == "hold" else text.encode() for text in case["answers"]]
            with FakeNode(*answers) as fake:
                return fake.url, doctor("doctor", fake.url)

        with ThreadPoolExecutor(4) as beside:  # Some wait for 10 s.
            cases = SPEC["cases"]
            for case, (url, done) in zip(cases, beside.map(told, cases)):
                with self.subTest(case["what"]):
                    self.finds(case["finds"], url, done, **case["words"])

    def test_a_page_without_an_end_is_a_page_too(self):
        page = [b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>", HOURS]
        with FakeNode(page) as fake:
            finds = ["reached/page", "tls/here", "wake/untried"]
            self.finds(finds, fake.url, doctor("doctor", fake.url))

    def test_it_tells_what_is_wrong_with_a_certificate(self):
        with tempfile.TemporaryDirectory() as folder:
            for kind, name, days, is_told in (("well", "localhost", 2, True),
                                              ("untrusted", "localhost", 2, False),
                                              ("expired", "localhost", -1, True),
                                              ("name", "bell.example", 2, True)):
                server, file = certificate(folder, name, days)
                trusted = file if is_told else str(pathlib.Path(folder, "none"))
                answers = [answer(204), answer(204), answer(201)]
                with self.subTest(kind), FakeNode(*answers, tls=server) as fake:
                    url = fake.url.replace("127.0.0.1", "localhost")
                    wake = "wake/short" if kind == "well" else "wake/untried"
                    self.finds(["reached/well", f"tls/{kind}", wake], url,
                               doctor("doctor", url, SSL_CERT_FILE=trusted))

    def test_a_node_without_tls_and_one_that_slams_the_door_are_told(self):
        url = node.url.replace("http:", "https:")
        self.finds(["reached/plain", *UNTRIED], url, doctor("doctor", url))
        with FakeNode(b"", is_deaf=True) as fake:
            url = fake.url.replace("http:", "https:")
            self.finds(["reached/cut", *UNTRIED], url, doctor("doctor", url))

    def test_plain_http_to_another_machine_is_told_and_no_cross(self):
        one = doorbell._Doctor("http://bell.example:8080")
        self.assertEqual(one._trusted(), "open")
        line = doorbell._finding("tls/open", one.words, True)
        self.assertRegex(line, "^! TLS: none: anyone between .* and bell.example can ")

    def test_what_is_no_url_or_no_command_is_a_mistake(self):
        for words in (("doctor",), ("doctor", "bell"), ("doctor", node.url, "x")):
            status, out, error = doctor(*words)
            self.assertEqual((status, out), (2, ""))
            self.assertRegex(error, r"\Adoorbell: [^\n]+\n\Z")

    def test_its_marks_are_those_that_the_output_can_show(self):
        holder, url = nobody()
        with holder:
            for encoding, marks in (("utf-8", "utf8"), ("latin-1", "other"), ("ascii", "other")):
                done = doctor("doctor", url, PYTHONIOENCODING=encoding)
                self.finds(["reached/refused", *UNTRIED], url, done, marks)
