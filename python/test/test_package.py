"""The package builds without a network, and what README.md tells to type does what it says."""

import ast
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import unittest.mock
import venv

import doorbell

from fake import FakeNode, answer
from node import ROOT

HERE = ROOT / "python"
README = (HERE / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


class PackageTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def test_the_commands_of_the_readme_give_a_client(self):
        copies, installs = blocks("sh")
        shutil.copytree(HERE, self.folder / "python", ignore=shutil.ignore_patterns("test"))
        venv.create(self.folder / "venv", with_pip=True)
        bin = self.folder / "venv" / "bin"
        self.shell(copies, self.folder)
        self.shell(f"PATH={bin}:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1; {installs}", self.folder)
        elsewhere = self.folder / "venv"
        shown = self.shell(f"{bin}/python -m doorbell derive secret room/7 1", elsewhere)
        self.assertEqual(shown, "%s %s\n" % doorbell.Topic("secret", "room/7").at(1))
        there = self.shell(f"{bin}/python -c 'import doorbell; print(doorbell.__file__)'", elsewhere)
        self.assertTrue((pathlib.Path(there.strip()).parent / "py.typed").exists())
        copied = self.shell(f"{sys.executable} -m doorbell derive secret room/7 1", self.folder)
        self.assertEqual(copied, shown)
        self.shell(f"{bin}/python -m pip check", elsewhere)
        self.assertEqual(list((self.folder / "python").glob("**/*.egg-info")), [])

    def test_the_same_source_gives_the_same_wheel(self):
        sys.path.insert(0, str(HERE))
        try:
            import backend
        finally:
            sys.path.remove(str(HERE))
        one, other = self.folder / "one", self.folder / "other"
        for out in (one, other):
            out.mkdir()
            name = backend.build_wheel(out)
        self.assertEqual((one / name).read_bytes(), (other / name).read_bytes())
        self.assertTrue((one / backend.build_sdist(one)).stat().st_size > 1000)

    def test_the_versions_agree(self):
        self.assertIn(f'version = "{doorbell.__version__}"', (HERE / "pyproject.toml").read_text())

    def test_the_sources_are_python_3_9(self):
        for source in (HERE / "src" / "doorbell").glob("*.py"):
            ast.parse(source.read_text(encoding="utf-8"), feature_version=(3, 9))

    def test_nothing_but_the_standard_library_is_imported(self):
        names = re.findall(r"^(?:from|import) (\w+)", pathlib.Path(doorbell.__file__).read_text(), re.M)
        known = getattr(sys, "stdlib_module_names", names)  # from Python 3.10 on
        self.assertEqual([name for name in names if name not in known], [])

    def test_the_python_of_the_readme_sets(self):
        (source,) = blocks("python")
        chat = doorbell.Topic("the application's own", "chat").at(7)
        with FakeNode(answer(201)) as node:
            names = {}
            source = source.replace("http://127.0.0.1:8080", node.url)
            with unittest.mock.patch.object(doorbell.Doorbell, "_limit", lambda *_: 3600.0):
                exec(source, names)
            self.assertEqual(node.lines(), [f"POST /{chat.id}"])
            self.assertEqual(node.requests[0].body, chat.key)
            self.assertEqual(names["value"], chat.id)

    def test_every_method_is_in_the_readme(self):
        for name in dir(doorbell.Doorbell):
            if not name.startswith("_"):
                self.assertRegex(README, rf"`(?:[^`]*\W)?{name}\(")

    def shell(self, command, cwd):
        done = subprocess.run(["sh", "-ec", command], cwd=cwd, text=True, capture_output=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout
