# SPDX-License-Identifier: MIT
"""Runs a dialplan of Asterisk as its documents describe it: as much of it as
config/asterisk/extensions.conf uses. People are told by the test: what they do, and
what each leg's network says. It is a model, and was held against what Asterisk 22 was
measured to do (TELEPHONY 3.2); what it does not know it refuses."""
import re
import urllib.parse


class Hungup(Exception):
    """The channel is gone; its handler runs."""


class Channel:
    def __init__(self, world, name, variables=()):
        self.world, self.name, self.state = world, name, "Down"
        self.variables = dict(variables)
        self.limit = None               # seconds, TIMEOUT(absolute)
        self.heard = []                 # what was played or dialled with
        self.causes = {}                # of legs: their names, "SIP 486 Busy Here"
        self.stack = []                 # of Gosub: (context, priority, arguments)

    def inherit(self):
        """What a channel that this one dials is born with: "_NAME" for it, "__NAME"
        for all that follow."""
        return {name.removeprefix("_"): value for name, value in self.variables.items()
                if name.startswith("_")} | {
                    "__" + name.lstrip("_"): value for name, value in
                    self.variables.items() if name.startswith("__")}

    def get(self, name):
        for one in (name, "_" + name, "__" + name):
            if one in self.variables:
                return self.variables[one]
        return self.world.globals.get(name, "")

    def set(self, name, value):
        if name.startswith("GLOBAL("):
            self.world.globals[name[7:-1]] = value
        elif name == "TIMEOUT(absolute)":
            self.limit = int(value)
        elif re.match(r"(CDR|CURLOPT|CALLERID|CDR_PROP)\(", name):
            self.variables[name] = value
        else:
            assert re.fullmatch(r"_{0,2}[A-Z][A-Z0-9_]*", name), name
            for one in ("", "_", "__"):
                self.variables.pop(one + name.lstrip("_"), None)
            self.variables[name] = value


def split(text, mark=","):
    """At the marks that no parenthesis, brace or bracket holds."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == mark and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def closing(text, at):
    """Where the bracket that opens at `at` closes."""
    depth = 0
    for i in range(at, len(text)):
        depth += (text[i] in "([{") - (text[i] in ")]}")
        if depth == 0:
            return i
    raise AssertionError(f"never closed: {text}")


class World:
    """customer(): what the customer's leg comes to, (dialstatus, cause, sip, talk_ms),
    and True when the specialist is still there. digit: what they press. hear(url, body,
    headers): the other end of CURL; its answer."""

    def __init__(self, text, hear):
        self.globals, self.contexts, self.hear = {}, {}, hear
        self.customer = lambda: ("ANSWER", 16, "SIP 200 OK", 2622, True)
        self.digit, self.dialled, self.ended = "", [], []
        self.waited = 0
        self.read(text)

    def read(self, text):
        context = extension = None
        for line in text.splitlines():
            line = re.sub(r"(^|\s);.*$", "", line).strip()
            if line.startswith("["):
                context = line[1:line.index("]")]
                self.contexts.setdefault(context, {})
            elif context == "globals" and "=" in line:
                name, value = line.split("=", 1)
                self.globals[name.strip()] = value.lstrip(">").strip()
            elif line.startswith("exten"):
                extension, priority, step = line.split("=>", 1)[1].strip().split(",", 2)
                assert priority == "1", line
                self.contexts[context][extension] = [("", step)]
            elif line.startswith("same"):
                label, step = re.fullmatch(r"same\s*=>\s*n(?:\((\w+)\))?,(.*)",
                                           line).groups()
                self.contexts[context][extension].append((label or "", step))

    # ---- texts

    def fill(self, channel, text, arguments):
        out, at = "", 0
        while at < len(text):
            if text[at] == "$" and text[at + 1:at + 2] in ("{", "["):
                end = closing(text, at + 1)
                inner = text[at + 2:end]
                out += self.value(channel, inner, arguments) if text[at + 1] == "{" \
                    else self.express(self.fill(channel, inner, arguments))
                at = end + 1
            else:
                out += text[at]
                at += 1
        return out

    def value(self, channel, text, arguments):
        name, bracket, inner = text.partition("(")
        if not bracket:
            name = self.fill(channel, name, arguments)
            if re.fullmatch(r"ARG\d+", name):
                at = int(name[3:]) - 1
                return arguments[at] if at < len(arguments) else ""
            return "1795339934" if name == "EPOCH" else channel.get(name)
        return self.function(channel, name, inner[:-1], arguments)

    def function(self, channel, name, text, arguments):
        inner = text if name in ("IF", "SET") else self.fill(channel, text, arguments)
        if name == "FILTER":
            allowed, value = inner.split(",", 1)
            return "".join(re.findall(f"[{allowed}]", value))
        if name == "URIENCODE":
            return urllib.parse.quote(inner, safe="")
        if name == "URIDECODE":
            return urllib.parse.unquote(inner)
        if name == "IF":
            wanted, rest = split(inner, "?")
            yes, no = split(rest, ":")
            is_so = self.fill(channel, wanted, arguments) not in ("", "0")
            return self.fill(channel, yes if is_so else no, arguments)
        if name == "SET":
            variable, value = inner.split("=", 1)
            value = self.fill(channel, value, arguments)
            channel.set(variable, value)
            return value
        if name == "SHIFT":
            first, _, rest = channel.get(inner).partition(",")
            channel.set(inner, rest)
            return first
        if name == "HANGUPCAUSE_KEYS":
            return ",".join(channel.causes)
        if name == "HANGUPCAUSE":
            return channel.causes.get(inner.split(",")[0], "")
        if name == "CHANNEL":
            return {"name": channel.name, "state": channel.state}[inner]
        if name == "CURL":
            url, body = inner.split(",", 1)
            return self.hear(url, body, channel.variables["CURLOPT(httpheader)"])
        raise AssertionError(f"no function {name}")

    @staticmethod
    def express(text):
        for mark, act in (("!=", lambda a, b: a != b), ("=", lambda a, b: a == b),
                          ("<", lambda a, b: int(a) < int(b)),
                          ("+", lambda a, b: int(a) + int(b)),
                          ("*", lambda a, b: int(a) * int(b))):
            parts = re.fullmatch(r'\s*("[^"]*"|[^"\s]*)\s*' + re.escape(mark) +
                                 r'\s*("[^"]*"|[^"\s]*)\s*', text)
            if parts:
                return str(int(act(*(one.strip('"') for one in parts.groups()))))
        raise AssertionError(f"no expression: {text}")

    # ---- steps

    def run(self, channel, context, arguments=(), extension="s"):
        """False: it came to an end by itself, not by Return."""
        steps, at, loops = self.contexts[context][extension], 0, []
        while at < len(steps):
            step = steps[at][1]
            at += 1
            name, _, inner = step.partition("(")
            inner = inner[:-1]
            if name == "Return":
                return True
            if name == "While":
                if self.fill(channel, inner, arguments) != "0":
                    loops.append(at - 1)
                else:
                    while not steps[at][1].startswith("EndWhile"):
                        at += 1
                    at += 1
            elif name == "EndWhile":
                at = loops.pop()
            elif name == "GotoIf":
                wanted, label = split(inner, "?")
                if self.fill(channel, wanted, arguments) not in ("", "0"):
                    at = [one for one, _ in steps].index(label)
            else:
                self.step(channel, name, inner, arguments)
        return False

    def step(self, channel, name, inner, arguments):
        if name == "Set":
            variable, value = inner.split("=", 1)
            channel.set(self.fill(channel, variable, arguments),
                        self.fill(channel, value, arguments))
        elif name == "Gosub":
            context, extension, rest = inner.split(",", 2)
            _, _, given = rest.partition("(")
            self.run(channel, context, [self.fill(channel, one, arguments) for one in
                                        split(given[:-1])], extension)
        elif name == "ExecIf":
            wanted, then = split(inner, "?")
            if self.fill(channel, wanted, arguments) not in ("", "0"):
                app, _, rest = then.partition("(")
                self.step(channel, app, rest[:-1], arguments)
        elif name == "Dial":
            self.dial(channel, [self.fill(channel, one, arguments)
                                for one in split(inner)])
        elif name == "Read":
            variable = inner.split(",")[0]
            channel.set(variable, self.digit)
        elif name == "Originate":
            self.originate(channel, split(inner), arguments)
        elif name == "Hangup":
            raise Hungup(inner)
        elif name == "Wait":
            self.waited += float(self.fill(channel, inner, arguments))
        elif name in ("Playtones", "Log"):
            channel.heard.append((name, self.fill(channel, inner, arguments)))
        else:
            raise AssertionError(f"no application {name}")

    def dial(self, channel, words):
        status, cause, sip, talk_ms, is_there = self.customer()
        self.dialled.append({"to": words[0], "ring": words[1],
                             "caller_id": channel.variables["CALLERID(all)"],
                             "limit": channel.limit})
        channel.causes = {channel.name: "SIP 200 OK", "PJSIP/leg": sip}
        if status == "ANSWER":
            after = re.search(r"U\(([\w-]+)\^", words[2]).group(1)
            leg = Channel(self, "PJSIP/leg", channel.inherit())
            assert self.run(leg, after)
        channel.variables.update({"DIALSTATUS": status, "HANGUPCAUSE": str(cause),
                                  "ANSWEREDTIME_MS": str(talk_ms or "")})
        if not is_there:
            raise Hungup("16")

    def originate(self, channel, words, arguments):
        """A Local channel of its own: options a (at once) and v(NAME=VALUE)."""
        place, _, context, _, _, _, options = words
        value = re.fullmatch(r"av\((\w+)=(.*)\)", options)
        assert place == "Local/s@cb-deliver/n"
        other = Channel(self, place, {
            value.group(1): self.fill(channel, value.group(2), arguments)})
        assert context == "cb-null"
        try:
            self.run(other, "cb-deliver")
        except Hungup:
            pass

    # ---- one call

    def place(self, order, agent=None):
        """As POST /ari/channels. agent: (cause, sip, state) when the specialist is not
        reached."""
        handlers, variables = [], {}
        for name, value in order["variables"].items():
            if name.startswith("GLOBAL("):
                self.globals[name[7:-1]] = value
            elif name == "CHANNEL(hangup_handler_push)":
                handlers.append(value.split(",")[0])
            else:
                variables[name] = value
        channel = Channel(self, "PJSIP/trunk-1", variables)
        channel.variables["HANGUPCAUSE"] = "16"
        if agent is None:
            channel.state = "Up"
            try:
                self.run(channel, order["context"], (), order["extension"])
            except Hungup as gone:
                if gone.args[0] == "21":
                    channel.variables["HANGUPCAUSE"] = "21"
        else:
            cause, sip, channel.state = agent
            channel.variables["HANGUPCAUSE"] = str(cause)
            channel.causes = {channel.name: sip}
        for context in handlers:
            self.run(channel, context)
        return channel
