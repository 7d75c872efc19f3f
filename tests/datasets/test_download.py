"""Downloads from a server of our own: it drips, it sends too much, it has the right content."""

import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from minivae.datasets import download as module
from minivae.datasets import mnist_files
from minivae.datasets.download import download


@contextmanager
def server(answer):
    """Yield the address of a server on this machine; ``answer(handler)`` writes the content."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            with suppress(BrokenPipeError, ConnectionResetError):
                answer(self)

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{serving.server_port}/"
        finally:
            serving.shutdown()
            thread.join()


def drip(handler):
    for _ in range(200):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.02)


def test_a_server_that_drips_is_left(monkeypatch):
    monkeypatch.setattr(module, "TIMEOUT", 0.2)
    start = time.monotonic()
    with server(drip) as address, pytest.raises(OSError, match=r"only \d+ bytes came in 0 s"):
        download([address], bytes, largest=10_000)
    assert time.monotonic() - start < 3.5  # two attempts; a whole answer would take 4 s


def test_progress_is_shown(monkeypatch, capsys):
    times = iter(range(0, 100, 2))
    monkeypatch.setattr(module.time, "monotonic", lambda: float(next(times)))
    with server(lambda handler: handler.wfile.write(b"x" * 200_000)) as address:
        content, _ = download([address], bytes, largest=200_000)
    assert content == b"x" * 200_000
    assert f"{address}: 0.2 MB" in capsys.readouterr().err


def test_a_mirror_that_is_named_comes_first(monkeypatch):
    monkeypatch.setenv("MINIVAE_MIRROR", "http://127.0.0.1:9/mnist")
    assert mnist_files.mirrors() == ("http://127.0.0.1:9/mnist/", *mnist_files.MIRRORS)
    monkeypatch.delenv("MINIVAE_MIRROR")
    assert mnist_files.mirrors() == tuple(mnist_files.MIRRORS)
