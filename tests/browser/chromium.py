# SPDX-License-Identifier: MIT
"""Debian's chromium without a window, driven over its debugging pipe: nothing
but the standard library, and no port. One page per Browser; errors of the page
(exceptions, refusals of the content security policy) are collected."""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

ANSWER_S = 20
PROGRAM = shutil.which("chromium")


class Browser:
    """A page with a size, a language and a colour scheme of its own."""

    def __init__(self, language="ru", width=1280, height=900, is_dark=False):
        self.folder = tempfile.mkdtemp(prefix="callbackd-chromium-")
        self.errors = []
        self.last_id = 0
        self.rest = b""
        their_in, self.to = os.pipe()
        self.back, their_out = os.pipe()
        self.process = self._start(language, their_in, their_out)
        os.close(their_in)
        os.close(their_out)
        self.session = None
        target = self.order("Target.createTarget", url="about:blank")
        self.session = self.order(
            "Target.attachToTarget", targetId=target["targetId"],
            flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.order(domain + ".enable")
        self.order("Emulation.setDeviceMetricsOverride", width=width,
                   height=height, deviceScaleFactor=1, mobile=width < 600)
        self.order("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme",
             "value": "dark" if is_dark else "light"}])

    # They are to be 3 and 4, which dup2 in between could overwrite.
    def _start(self, language, their_in, their_out):
        shell = f'exec "$0" "$@" 3<&{their_in} 4>&{their_out}'
        return subprocess.Popen(
            ["/bin/bash", "-c", shell, PROGRAM, "--headless=new",
             "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
             "--no-first-run", "--disable-background-networking",
             "--disable-dev-shm-usage", f"--lang={language}",
             f"--accept-lang={language}",
             f"--user-data-dir={self.folder}"],
            pass_fds=(their_in, their_out), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def close(self):
        try:
            self.session = None
            self.order("Browser.close")
            self.process.wait(ANSWER_S)
        except (AssertionError, OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        os.close(self.to)
        os.close(self.back)
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- the protocol: JSON texts that end with a NUL

    def order(self, method, **params):
        self.last_id += 1
        message = {"id": self.last_id, "method": method, "params": params}
        if self.session is not None:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + ANSWER_S
        while True:
            answer = self._next(end)
            assert answer is not None, f"no answer to {method}"
            if answer.get("id") == self.last_id:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self._note(answer)

    def _next(self, end):
        while b"\0" not in self.rest:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.back], [], [], left)[0]:
                return None
            more = os.read(self.back, 1 << 16)
            assert more, "chromium has ended"
            self.rest += more
        text, self.rest = self.rest.split(b"\0", 1)
        return json.loads(text)

    def _note(self, event):
        params = event.get("params", {})
        if event.get("method") == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get(
                "description", details["text"]))
        elif event.get("method") == "Log.entryAdded" and \
                params["entry"]["level"] == "error" and \
                params["entry"]["source"] != "network":
            self.errors.append(params["entry"]["text"])

    # ---- what a person does and sees

    def go(self, url):
        self.order("Page.navigate", url=url)
        self.wait("document.readyState === 'complete' && "
                  "location.protocol !== 'about:'")

    def run(self, script):
        """The value of an expression in the page."""
        answer = self.order("Runtime.evaluate", expression=script,
                            returnByValue=True, awaitPromise=True,
                            userGesture=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, script, seconds=10):
        end = time.monotonic() + seconds
        while True:
            value = self.run(script)
            if value:
                return value
            assert time.monotonic() < end, f"{script}: still {value!r}\n" \
                f"{self.run('document.body.innerText')}\n{self.errors}"
            time.sleep(0.03)

    def sees(self, selector, text="", seconds=10):
        """Waits until it is visible and has these words in it."""
        return self.wait(
            "(() => { const node = document.querySelector(%s);"
            " return node !== null && node.checkVisibility() &&"
            " node.innerText.includes(%s); })()"
            % (json.dumps(selector), json.dumps(text)), seconds)

    def text(self, selector):
        return self.run("document.querySelector(%s)?.innerText ?? ''"
                        % json.dumps(selector))

    def click(self, selector):
        """With the mouse, once it is visible and moves no more."""
        self.sees(selector)
        box, last = self._centre(selector), None
        while box != last:
            box, last = self._centre(selector), box
        for kind in ("mousePressed", "mouseReleased"):
            self.order("Input.dispatchMouseEvent", type=kind, x=box[0],
                       y=box[1], button="left", clickCount=1)

    def _centre(self, selector):
        return self.run(
            "(() => { const node = document.querySelector(%s);"
            " node.scrollIntoView({ block: 'center' });"
            " const box = node.getBoundingClientRect();"
            " return [box.x + box.width / 2, box.y + box.height / 2]; })()"
            % json.dumps(selector))

    def fill(self, selector, text):
        self.run("document.querySelector(%s).focus()" % json.dumps(selector))
        self.order("Input.insertText", text=text)

    def press(self, key):
        """One key: "a", "1", "Enter", "Escape"."""
        code = {"Enter": 13, "Escape": 27}.get(key, ord(key.upper()[0]))
        text = {"Enter": "\r", "Escape": ""}.get(key, key)
        self.order("Input.dispatchKeyEvent", type="keyDown", key=key,
                   text=text, windowsVirtualKeyCode=code)
        self.order("Input.dispatchKeyEvent", type="keyUp", key=key,
                   windowsVirtualKeyCode=code)

    def picture(self, path):
        """The whole page as a PNG file."""
        answer = self.order("Page.captureScreenshot", format="png",
                            captureBeyondViewport=True)
        with open(path, "wb") as file:
            file.write(base64.b64decode(answer["data"]))
