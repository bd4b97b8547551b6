"""The package builds without a network, and what README.md tells to type does what it says."""

import ast
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
import unittest.mock
import venv
import zipfile

import doorbell

from fake import FakeNode, answer
from node import ROOT

HERE = ROOT / "python"
README = (HERE / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def flit_core():
    """The folder of flit_core. Debian's Python has it, which may not be the first in the path."""
    for python in (sys.executable, "/usr/bin/python3"):
        if shutil.which(python):
            shown = subprocess.run([python, "-c", "import flit_core; print(*flit_core.__path__)"],
                                   text=True, capture_output=True)
            if shown.returncode == 0:
                return pathlib.Path(shown.stdout.strip())
    raise AssertionError("no flit_core; script/bootstrap installs it")


class PackageTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def test_the_commands_of_the_readme_give_a_client(self):
        copies, installs = blocks("sh")
        shutil.copytree(HERE, self.folder / "python", ignore=shutil.ignore_patterns("test"))
        bin = self.python_with_flit_core(with_pip=True)
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

    def test_the_package_holds_the_client_and_nothing_else(self):
        wheel, sdist = self.built("2026-01-01")
        sources = ["doorbell/__init__.py", "doorbell/__main__.py", "doorbell/py.typed"]
        info = [f"doorbell_client-{doorbell.__version__}.dist-info/{name}"
                for name in ("METADATA", "RECORD", "WHEEL")]
        with zipfile.ZipFile(wheel) as zip:
            self.assertEqual(sorted(zip.namelist()), sources + info)
            metadata = zip.read(info[0]).decode()
        self.assertIn("\nRequires-Python: >=3.9\n", metadata)
        self.assertIn("Apache", metadata.split("\n\n")[0])
        self.assertNotIn("\nRequires-Dist:", metadata)
        with tarfile.open(sdist) as tar:
            names = sorted(name.split("/", 1)[1] for name in tar.getnames())
        self.assertEqual(names, ["PKG-INFO", "README.md", "pyproject.toml",
                                 *(f"src/{name}" for name in sources)])

    def test_the_same_source_gives_the_same_packages(self):
        one, other = self.built("2026-01-01"), self.built("2026-02-02")
        self.assertEqual([path.read_bytes() for path in one], [path.read_bytes() for path in other])

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

    def python_with_flit_core(self, with_pip=False):
        """The folder of a fresh Python's commands."""
        fresh = self.folder / "venv"
        venv.create(fresh, clear=True, with_pip=with_pip)
        (packages,) = fresh.glob("lib/python*/site-packages")
        (packages / "flit_core").symlink_to(flit_core())
        return fresh / "bin"

    def built(self, day):
        """The paths of wheel and sdist, from sources that were written on that day."""
        out = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        shutil.copytree(HERE, out / "python", ignore=shutil.ignore_patterns("test"))
        self.shell(f"find python -exec touch -d {day} {{}} +", out)
        bin = self.python_with_flit_core()
        build = "from flit_core import buildapi as b; print(b.build_wheel('..'), b.build_sdist('..'))"
        names = self.shell(f'SOURCE_DATE_EPOCH=1767225600 {bin}/python -c "{build}"', out / "python")
        return [out / name for name in names.split()]

    def shell(self, command, cwd):
        done = subprocess.run(["sh", "-ec", command], cwd=cwd, text=True, capture_output=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout
