import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from doorbell import Doorbell, Topic, _sealed

from fake import FakeNode, answer, nobody
from node import ROOT, Node

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "python" / "src")}


def setUpModule():
    global node
    node = Node()
    unittest.addModuleCleanup(node.close)


def run(*arguments, lines="", cwd=None, env=ENVIRONMENT):
    done = subprocess.run([sys.executable, "-m", "doorbell", *map(str, arguments)], text=True,
                          input=lines, capture_output=True, cwd=cwd, env=env)
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

    def test_several_nodes_stand_with_commas(self):
        holder, down = nobody()
        nodes, id = f"{down},{node.url}", Doorbell.new_id()
        with holder:
            for command, said in ((["set", nodes, id], "first\n"), (["setAll", nodes], "0 1\n"),
                                  (["wait", nodes, id], f"{id}\n")):
                status, out, told = run(*command, lines=f"{id}\n")
                self.assertEqual((status, out), (0, said))
                self.assertRegex(told, f"^doorbell: {down} is tried again: .*refused\n$")

    def test_a_wait_that_is_not_in_time_prints_nothing_and_ends_with_1(self):
        self.assertEqual(run("wait", node.url, Doorbell.new_id(), "0.1"), (1, "", ""))

    def test_a_node_that_fails_is_an_error_with_its_reason_and_not_a_wait_that_is_not_in_time(self):
        holder, down = nobody()
        failing = FakeNode(*[answer(500)] * 20)
        silent = FakeNode()
        with holder, failing, silent:
            for url, said in ((down, "refused"), (failing.url, "status 500"), (silent.url, "silent")):
                with self.subTest(said):
                    status, out, error = run("wait", url, 1, "0.1")
                    self.assertEqual((status, out), (2, ""))
                    told, *last = error.splitlines()
                    why = f".*({said}|silent)"  # which it may be on a machine that is busy
                    self.assertRegex(told, f"^doorbell: {url} is tried again: {why}")
                    self.assertRegex(last[-1], f"^doorbell: 1 was not set within 0.1 s: {why}")

    def test_what_can_not_pass_ends_a_wait_at_once(self):
        page = answer(200, "<html>Log in</html>", "Content-Type: text/html")
        moved = answer(301, "", "Location: https://elsewhere/")
        with FakeNode(page, moved, answer(404), b"SSH-2.0-x\r\n") as node:
            for said in ("is not a Doorbell node: its answer is text/html", "https://elsewhere/",
                         "There is no Doorbell node at", "SSH"):
                status, out, error = run("wait", node.url, 1)
                self.assertEqual((status, out), (2, ""))
                self.assertRegex(error, rf"\Adoorbell: [^\n]*{said}[^\n]*\n\Z")

    def test_a_failure_that_passes_is_told_and_the_command_goes_on(self):
        with FakeNode(answer(503), answer(201)) as node:
            status, out, error = run("set", node.url, 1)
            self.assertEqual((status, out), (0, "first\n"))
            self.assertRegex(error, rf"\Adoorbell: {node.url} is tried again: [^\n]* 503.\n\Z")

    def test_a_key_may_begin_with_a_hyphen(self):
        for key in ("-V", "--key-file", "-", "--", "-h"):
            sealed = _sealed(key)
            self.assertEqual(run("set", node.url, sealed.id, key)[2], "")
            self.assertEqual(run("set", node.url, sealed.id, key), (0, "already\n", ""))
        id, key = Topic("--secret-file", "-t").at(1)
        self.assertEqual(run("derive", "--secret-file", "-t", 1), (0, f"{id} {key}\n", ""))

    def test_a_key_and_a_secret_may_come_from_a_file_or_standard_input(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "-key")
            for white in ("", "\n", " \r\n"):
                sealed = Doorbell.new_sealed()
                file.write_text(sealed.key + white)
                self.assertEqual(run("set", node.url, sealed.id, "--key-file", file),
                                 (0, "first\n", ""))
                self.assertEqual(run("set", node.url, sealed.id, "--key-file", "-key", cwd=folder),
                                 (0, "already\n", ""))
                sealed = _sealed("-" + sealed.key)
                self.assertEqual(run("set", node.url, sealed.id, "--key-file", "-",
                                     lines=sealed.key + white), (0, "first\n", ""))
            file.write_text("the secret, \u00fc\n", encoding="utf-8")
            derived = "%s %s\n" % Topic("the secret, \u00fc", "room/7").at(3)
            self.assertEqual(run("derive", "--secret-file", file, "room/7", 3), (0, derived, ""))
            self.assertEqual(run("derive", "--secret-file", "-", "room/7", 3,
                                 lines="the secret, \u00fc\n"), (0, derived, ""))

    def test_a_file_that_holds_no_key_is_an_error_that_shows_nothing_of_it(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "key")
            for content in (b"", b"open sesame", b"open\nsesame\n", b"open" * 9999, b"\xff\xfesesame"):
                file.write_bytes(content)
                status, out, error = run("set", node.url, "0" * 64, "--key-file", file)
                self.assertEqual((status, out), (2, ""))
                self.assertRegex(error, r"\Adoorbell: [^\n]+\n\Z")
                self.assertNotRegex(error, "open|sesame")
            for absent in (file / "x", folder, file.with_name("absent")):
                for words in (("set", node.url, "0" * 64, "--key-file", absent),
                              ("derive", "--secret-file", absent, "t", 1)):
                    status, out, error = run(*words)
                    self.assertEqual((status, out), (2, ""))
                    self.assertRegex(error, r"\Adoorbell: [^\n]+\n\Z")
        closed = subprocess.run(["sh", "-c", 'exec "$@" <&-', "sh", sys.executable, "-m", "doorbell",
                                 "set", node.url, "0" * 64, "--key-file", "-"],
                                env=ENVIRONMENT, capture_output=True, text=True)
        self.assertEqual((closed.returncode, closed.stdout), (2, ""))
        self.assertRegex(closed.stderr, r"\Adoorbell: [^\n]+\n\Z")

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
        cases = [
            (), ("ring",), ("wait", node.url), ("set", node.url, "1", "k", "more"),
            ("wait", node.url, "abc"), ("wait", node.url, "1,"), ("wait", node.url, "1", "nan"),
            ("wait", node.url, "1", "-1"), ("wait", "bell", "1"), ("set", node.url, "1\n2"),
            ("set", node.url, sealed.id), ("set", node.url, sealed.id, "wrong"),
            ("set", node.url, sealed.id, "two words"), ("derive", "s", "t", "01"),
            ("derive", "s", "t", "-1"), ("derive", "", "t", "1"), ("set", node.url, "-V"),
            ("set", node.url, "1", "--key", "k"),
            ("wait", node.url, "-1"), ("-V",),
        ]
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
