"""Builds the package, by PEP 517, with nothing but Python: what pip calls where it has no network.

The same source gives the same bytes.
"""

import base64
import hashlib
import io
import pathlib
import re
import tarfile
import zipfile

_HERE = pathlib.Path(__file__).resolve().parent
_EPOCH = (1980, 1, 1, 0, 0, 0)  # a zip knows no earlier


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    about = _about()
    name = f"{about['name'].replace('-', '_')}-{about['version']}"
    info = f"{name}.dist-info"
    files = [(path.relative_to(_HERE / "src").as_posix(), path.read_bytes()) for path in _sources()]
    files.append((f"{info}/METADATA", _metadata(about)))
    files.append((f"{info}/WHEEL", b"Wheel-Version: 1.0\nGenerator: doorbell\n"
                  b"Root-Is-Purelib: true\nTag: py3-none-any\n"))
    record = "".join(f"{path},{_hash(data)},{len(data)}\n" for path, data in files)
    files.append((f"{info}/RECORD", f"{record}{info}/RECORD,,\n".encode()))
    wheel = f"{name}-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(wheel_directory, wheel), "w", zipfile.ZIP_DEFLATED) as zip:
        for path, data in files:
            entry = zipfile.ZipInfo(path, _EPOCH)
            entry.external_attr = 0o644 << 16
            zip.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return wheel


def build_sdist(sdist_directory, config_settings=None):
    about = _about()
    name = f"{about['name'].replace('-', '_')}-{about['version']}"
    files = [_HERE / "pyproject.toml", _HERE / "backend.py", _HERE / "README.md", *_sources()]
    contents = [(path.relative_to(_HERE).as_posix(), path.read_bytes()) for path in files]
    contents.append(("PKG-INFO", _metadata(about)))
    with tarfile.open(pathlib.Path(sdist_directory, f"{name}.tar.gz"), "w:gz") as tar:
        for path, data in contents:
            entry = tarfile.TarInfo(f"{name}/{path}")
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return f"{name}.tar.gz"


def _sources():
    return sorted(path for path in (_HERE / "src" / "doorbell").iterdir() if path.is_file())


def _about():
    """The plain fields of pyproject.toml; Python reads TOML itself from 3.11 on."""
    text = (_HERE / "pyproject.toml").read_text(encoding="utf-8")
    return dict(re.findall(r'^([\w-]+) = "([^"\\]*)"$', text.split("[project]")[1], re.MULTILINE))


def _metadata(about):
    readme = (_HERE / about["readme"]).read_text(encoding="utf-8")
    return (
        f"Metadata-Version: 2.1\nName: {about['name']}\nVersion: {about['version']}\n"
        f"Summary: {about['description']}\nLicense: {about['license']}\n"
        f"Requires-Python: {about['requires-python']}\n"
        f"Description-Content-Type: text/markdown; charset=UTF-8\n\n{readme}"
    ).encode()


def _hash(data):
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"sha256={digest}"
