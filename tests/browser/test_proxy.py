"""The course behind the proxy of deploy/container/nginx.conf, run by a real nginx, in a browser."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
import trustme
from playwright.sync_api import ConsoleMessage, Page, expect

from course.language import texts
from tests.browser import chromium
from tests.browser.server import ROOT, Course

pytestmark = pytest.mark.thorough

# The file is included in the http block of a configuration like this one.
AROUND = """\
daemon off;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{}}
http {{
    include /etc/nginx/mime.types;
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/course.conf;
}}
"""


@pytest.fixture(scope="module")
def proxied(shared_course: Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the course behind nginx, with TLS."""
    nginx = chromium.find_nginx()
    if nginx is None:
        reason = "there is no nginx; on Debian and Ubuntu: apt-get install nginx-light"
        if os.environ.get("CI"):
            pytest.fail(f"{reason}: in CI the proxy must be tested")
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("nginx")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    certificate = trustme.CA().issue_cert("localhost")
    certificate.private_key_pem.write_to_path(str(folder / "privkey.pem"))
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(str(folder / "fullchain.pem"), append=True)
    conf = (ROOT / "deploy" / "container" / "nginx.conf").read_text("utf-8")
    for ours, here in (
        ("server course:8501", f"server {urlsplit(shared_course.url).netloc}"),
        ("listen 8443", f"listen 127.0.0.1:{port}"),
        ("/etc/nginx/tls/", f"{folder}/"),
    ):
        assert ours in conf
        conf = conf.replace(ours, here)
    (folder / "course.conf").write_text(conf)
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder))
    process = subprocess.Popen([nginx, "-p", str(folder), "-c", str(folder / "nginx.conf")])
    try:
        _wait_for(port, process)
        yield f"https://localhost:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("nginx did not begin to listen")


def test_an_answer_streams_through_the_proxy_and_no_header_of_it_stops_the_page(
    proxied: str, new_page: Callable[..., Page]
) -> None:
    page = new_page(ignore_https_errors=True)
    told: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            told.append(message.text)

    page.on("console", note)
    response = page.goto(f"{proxied}/day_03_write_streams?lang=en")
    assert response is not None
    assert "default-src 'self'" in response.headers["content-security-policy"]
    assert response.headers["x-content-type-options"] == "nosniff"
    page.get_by_role("button", name="Generate").click()
    expect(page.get_by_text(texts("en")["demo.total"], exact=True)).to_be_visible()
    # The editor's script, and the charts', are what a policy would stop first.
    expect(page.locator(".stBidiComponent").get_by_role("textbox").first).to_be_visible()
    expect(page.locator(".stVegaLiteChart").first).to_be_visible()
    assert told == []


def test_a_body_that_is_larger_than_an_export_can_be_is_refused_by_the_proxy(
    proxied: str, new_page: Callable[..., Page]
) -> None:
    page = new_page(ignore_https_errors=True)
    answer = page.request.put(f"{proxied}/_stcore/upload_file/a/b", data=b"x" * 4_000_000)
    assert answer.status == 413
