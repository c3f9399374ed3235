r"""A web server on this machine, with the bad habits of others: for the tests of whatever downloads."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Server:
    r"""The files it gives, how it behaves, and what it was asked for."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True                 # whether it knows the header Range
    cut_after: int | None = None        # bytes of an answer after which it hangs up
    redirects: dict[str, str] = field(default_factory=dict)
    status: dict[str, int] = field(default_factory=dict)
    says_length: bool = True
    hold: threading.Event | None = None  # wait for it before the second half of an answer
    asked: list[tuple[str, str | None]] = field(default_factory=list)  # path, Range


@contextmanager
def serving(**files: bytes) -> Iterator[Server]:
    r"""A server of these files until the block ends."""
    server = Server(files=dict(files))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"  # one request a connection, so that hanging up is simple

        def do_GET(self) -> None:
            name, wanted = self.path.lstrip("/"), self.headers.get("Range")
            server.asked.append((name, wanted))
            if name in server.redirects:
                self.send_response(302)
                self.send_header("Location", server.redirects[name])
                self.end_headers()
                return
            if name in server.status or name not in server.files:
                self.send_error(server.status.get(name, 404))
                return
            content, start = server.files[name], 0
            if wanted and server.ranges:
                found = re.fullmatch(r"bytes=(\d+)-", wanted)
                assert found
                start = int(found[1])
                if start >= len(content):
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{len(content)}")
                    self.end_headers()
                    return
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            else:
                self.send_response(200)
            if server.says_length:
                self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            body = content[start:][: server.cut_after]
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            if server.hold is not None:
                server.hold.wait(10)
            self.wfile.write(body[len(body) // 2 :])

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            pass  # a client that goes away in the middle is what some tests are about

    with Quiet(("127.0.0.1", 0), Handler) as http:
        server.url = f"http://127.0.0.1:{http.server_address[1]}"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()


def closed_port() -> str:
    r"""An address at which nobody listens: what a machine without a network sees."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{held.getsockname()[1]}"
