"""A simulated Windows device for tests: `cspsim` plays it, and each test finds it as `lab.toml` describes it."""

import json
import os
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest

CSPSIM = os.environ.get("CSPSIM", "cspsim")
LAB = Path(__file__).parent.parent / "lab.toml"


class Device:
    def __init__(self, endpoint, folder):
        self.endpoint, self.folder, self.name = endpoint, folder, "lab-01"
        self.sent = []

    def post(self, message):
        """A message of the server goes in, the device's answer comes out."""
        self.sent.append(message)
        return request("POST", f"{self.endpoint}/devices/{self.name}", message.encode()).decode()

    def control(self, what, method="GET"):
        """The simulator's own view of the device."""
        body = request(method, f"{self.endpoint}/_cspsim/devices/{self.name}/{what}")
        return json.loads(body) if body else None

    def why(self):
        """Every status with the rule behind it: what to read when a test is red."""
        files = []
        for number, message in enumerate(self.sent, start=1):
            files.append(self.folder / f"message{number}.xml")
            files[-1].write_text(message)
        run = subprocess.run([CSPSIM, "answer", "--explain", "--device", LAB, "--out", os.devnull, *files],
                             capture_output=True, text=True)
        return "\n" + run.stdout + run.stderr


@pytest.fixture(scope="session")
def endpoint():
    command = [CSPSIM, "serve", "--listen", "127.0.0.1:0", "--clock", "frozen"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            ready = process.stdout.readline()
            assert ready.startswith("cspsim listening on "), "cspsim did not start"
            url = ready.split()[-1]
            request("POST", f"{url}/_cspsim/devices", LAB.read_bytes(), "application/toml")
            yield url
        finally:
            process.terminate()


@pytest.fixture
def device(endpoint, tmp_path):
    device = Device(endpoint, tmp_path)
    yield device
    device.control("reset", "POST")


def request(method, url, body=None, media_type="application/vnd.syncml.dm+xml"):
    headers = {"Content-Type": media_type} if body is not None else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method), timeout=10) as answer:
            return answer.read()
    except urllib.error.HTTPError as refused:
        pytest.fail(f"{method} {url}: {refused.code} {refused.read().decode()}")
