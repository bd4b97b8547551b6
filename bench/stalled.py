"""Clients that stall, and what the kernel keeps for them at a node's end:
  python3 bench/stalled.py [CLIENTS [URL]]
Each asks and reads no answer, and sends on until nothing more is taken: at once, and then after sets whose
bodies were read at full speed, since by those the kernel learns to keep more. There are 1,000 of them by
default, and the open files of this shell have to allow for them. Needs ss, and a node that has nothing else to
do; without a URL one is begun.
"""
import os
import re
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ASKS = b"GET /doorbell.js HTTP/1.1\r\nHost: a\r\n\r\n" * 1_000
SET = b"POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 65536\r\n\r\n" + bytes(65_536)
SETS = 100
AT_A_TIME = 50
STALLS_SECONDS = 1
OWN_BYTES = 32_768  # of the client's own buffer, so that the node's is what grows
PAGE = 4_096
MB = 1 << 20


def connect(address):
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, OWN_BYTES)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, OWN_BYTES)
    client.connect(address)
    return client


def set_fast(client):
    for _ in range(SETS):
        client.sendall(SET)
        client.recv(4_096)


def stall(client):
    client.settimeout(STALLS_SECONDS)
    try:
        while True:
            client.send(ASKS)
    except OSError:  # Nothing is taken for so long, or the node has hung up.
        pass


def at_node(port):
    """Bytes that the kernel has for the node's sockets: of what came, and of what goes."""
    said = subprocess.check_output(["ss", "-tmnH", f"( sport = :{port} )"], text=True)
    each = [tuple(map(int, found)) for found in re.findall(r"skmem:\(r(\d+),.*?,w(\d+),", said)]
    return [came for came, _ in each], [goes for _, goes in each]


def all_of_tcp():
    sockets = Path("/proc/net/sockstat").read_text()
    return PAGE * int(re.search(r"^TCP: .* mem (\d+)$", sockets, re.M)[1])


def measure(what, count, address, before):
    def begin(_):
        client = connect(address)
        before(client)
        stall(client)
        return client

    idle = all_of_tcp()
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        clients = list(pool.map(begin, range(count)))
    came, goes = at_node(address[1])
    print(f"{what}: {len(came)} clients; at the node {sum(came) / MB:.0f} MB that came and aren't read,"
          f" {max(came) / MB:.2f} MB of one; {sum(goes) / MB:.0f} MB that aren't taken;"
          f" all of TCP, the clients' ends too, {(all_of_tcp() - idle) / MB:.0f} MB", flush=True)
    for client in clients:
        client.close()
    while at_node(address[1])[0]:
        time.sleep(0.1)


def main(count="1000", url=None):
    node = None
    if url is None:
        launcher = Path(__file__).parent.parent / "doorbell"
        node = subprocess.Popen([launcher, "serve", "--listen", "127.0.0.1:0", "--store", "memory",
                                 "--max-buffered", "200m"], stdout=subprocess.PIPE, text=True,
                                env={**os.environ, "JAVA_OPTS": "-Xmx512m"})
        url = node.stdout.readline().split()[-1]
    host, port = re.match(r"http://(.*):(\d+)", url).groups()
    try:
        measure("at once", int(count), (host, int(port)), lambda client: None)
        measure(f"after {SETS} sets of 64 KiB", int(count), (host, int(port)), set_fast)
    finally:
        if node:
            node.terminate()
            node.wait()


main(*sys.argv[1:])
