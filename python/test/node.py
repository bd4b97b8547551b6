"""A real node for a test: the one that DOORBELL_URL names, or one of its own."""

import os
import pathlib
import signal
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Node:
    def __init__(self, *options):
        self.url = os.environ.get("DOORBELL_URL")
        self._process = None
        if self.url:
            return
        self._process = subprocess.Popen(
            [ROOT / "doorbell", "serve", "--listen", "127.0.0.1:0", "--store", "memory", *options],
            stdout=subprocess.PIPE,
            text=True,
        )
        line = self._process.stdout.readline()
        prefix = "doorbell: listening on "
        if not line.startswith(prefix):
            self.close()
            raise AssertionError(f"the node did not start: {line}")
        self.url = line[len(prefix) :].strip()

    def close(self):
        if self._process:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(30)
            self._process.stdout.close()
