import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from doorbell import Doorbell, Topic

from fake import nobody
from node import ROOT, Node

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "python" / "src")}


def setUpModule():
    global node
    node = Node()
    unittest.addModuleCleanup(node.close)


def run(*arguments, lines="", cwd=None, env=ENVIRONMENT):
    done = subprocess.run([sys.executable, "-m", "doorbell", *map(str, arguments)], text=True,
                          input=lines, capture_output=True, cwd=cwd, env=env, timeout=60)
    return done.returncode, done.stdout, done.stderr


class CommandTest(unittest.TestCase):
    def test_set_tells_who_was_first(self):
        id = Doorbell.new_id()
        self.assertEqual(run("set", node.url, id), (0, "first\n", ""))
        self.assertEqual(run("set", node.url, id), (0, "already\n", ""))

    def test_wait_prints_the_ids_that_are_set(self):
        one, other, unset = (Doorbell.new_id() for _ in range(3))
        Doorbell(node.url).set_all([one, other])
        ids = f"{unset},{other},{one}"
        self.assertEqual(run("wait", node.url, ids), (0, f"{other}\n{one}\n", ""))

    def test_a_wait_that_is_not_in_time_prints_nothing_and_ends_with_1(self):
        self.assertEqual(run("wait", node.url, Doorbell.new_id(), "0.1"), (1, "", ""))

    def test_setAll_reads_ids_and_keys(self):
        sealed, already, new = Doorbell.new_sealed(), Doorbell.new_id(), Doorbell.new_id()
        Doorbell(node.url).set(already)
        lines = f"{sealed.id} {sealed.key}\r\n{already}\n{new}"
        self.assertEqual(run("setAll", node.url, lines=lines), (0, "2 1\n", ""))

    def test_derive_prints_id_and_key(self):
        id, key = Topic("secret", "room/7").at(2**128 - 1)
        self.assertEqual(run("derive", "secret", "room/7", 2**128 - 1), (0, f"{id} {key}\n", ""))

    def test_an_error_is_one_sentence_and_ends_with_2(self):
        sealed = Doorbell.new_sealed()
        holder, down = nobody()
        cases = [
            (), ("ring",), ("wait", node.url), ("set", node.url, "1", "k", "more"),
            ("wait", node.url, "abc"), ("wait", node.url, "1,"), ("wait", node.url, "1", "nan"),
            ("wait", node.url, "1", "-1"), ("wait", "bell", "1"), ("set", node.url, "1\n2"),
            ("set", node.url, sealed.id), ("set", node.url, sealed.id, "wrong"),
            ("set", node.url, sealed.id, "two words"), ("derive", "s", "t", "01"),
            ("derive", "s", "t", "-1"), ("derive", "", "t", "1"),
        ]
        with holder:
            for case in cases:
                with self.subTest(case):
                    status, out, error = run(*case)
                    self.assertEqual((status, out), (2, ""))
                    self.assertRegex(error, r"\Adoorbell: [^\n]+\n\Z")
        for lines in ("1\n\n", "1\nabc\n", "1 two words\n", f"{sealed.id} wrong\n", "1\n2 \n"):
            with self.subTest(lines):
                status, out, error = run("setAll", node.url, lines=lines)
                self.assertEqual((status, out), (2, ""))
                self.assertRegex(error, r"\Adoorbell: [^\n]*(line|Line) \d[^\n]*\n\Z")

    def test_the_copied_file_is_the_whole_client(self):
        source = ROOT / "python" / "src" / "doorbell" / "__init__.py"
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "doorbell.py").write_bytes(source.read_bytes())
            alone = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
            id = Doorbell.new_id()
            done = run("set", node.url, id, cwd=folder, env=alone)
            self.assertEqual(done, (0, "first\n", ""))
