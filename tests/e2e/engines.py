# SPDX-License-Identifier: MIT
"""Servers that behave as Asterisk 22 and FreeSWITCH 1.10 were measured to
(Debian 12 has neither): what they answer to each request, and what the example
dialplans post. People are played by the test: it says who answers, and when
which post arrives."""
import base64
import http.client
import http.server
import json
import threading
import time
import urllib.parse

USER, PASSWORD, TRUNK, HOOK_SECRET = "callbackd", "secret", "trunk", "hook secret"
LOGIN = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


class Engine(http.server.ThreadingHTTPServer):
    """.hook: where its posts go, once callbackd runs."""
    daemon_threads = True

    def __init__(self, interface):
        self.hook = None
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), interface)
        self.thread = threading.Thread(target=self.serve_forever, args=(0.05,))
        self.thread.start()

    def end(self):
        self.shutdown()
        self.thread.join()
        self.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def send(self, body, headers):
        address = urllib.parse.urlparse(self.hook)
        connection = http.client.HTTPConnection(address.hostname, address.port,
                                                timeout=10)
        try:
            connection.request("POST", address.path, body, headers)
            reply = connection.getresponse()
            return reply.status, reply.read().decode()
        finally:
            connection.close()


class Interface(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, status, kind="", body=b"", **headers):
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def hang(self):
        """The answer is lost."""
        self.close_connection = True
        self.connection.shutdown(2)

    def log_message(self, *arguments):
        pass


# ---- Asterisk

SEQ = {"agent_answered": 10, "agent_not_confirmed": 15, "customer_dialing": 20,
       "customer_answered": 30, "customer_leg": 40, "ended": 90}
# What the post of the end says where both have talked, and the specialist hung up.
TALKED = {"last": "customer_dialing", "dialstatus": "ANSWER", "talk_ms": 2007,
          "hangupcause": 16, "sip": ""}


class Asterisk(Engine):
    """REST interface (ARI) and dialplan. answer(order): what is said instead of
    the truth, (status, body), or "lost" when the answer is lost, "over" when the
    call ends before that, "crash" when Asterisk is started anew."""

    def __init__(self):
        self.channels, self.orders, self.asked = {}, [], []
        self.variables = {"CB_HOOK": "http://127.0.0.1/hooks/asterisk"}
        self.contexts = {"cb-agent-up", "cb-end"}
        self.answer = lambda order: None
        self.slow_s = 0                 # for the value of a variable
        self.answered = []
        self.started = "2026-01-01T00:00:00.000+0000"
        super().__init__(AsteriskInterface)

    def state(self, order, state):
        self.channels[order["id"]] = state

    def body(self, order, event, **more):
        pairs = {"id": order["id"], "job": order["variables"]["CB_JOB"],
                 "seq": SEQ[event], "event": event, "at": 1795339934, **more}
        return urllib.parse.urlencode(pairs, quote_via=urllib.parse.quote)

    def keep(self, order, event, **more):
        """What the dialplan remembers of a call, whether its post arrives or not;
        it outlives the call."""
        body = self.body(order, event, **more)
        self.variables["CB_LAST_" + order["id"]] = body
        if event == "agent_answered":
            self.state(order, "Up")
        if event == "ended":
            self.channels.pop(order["id"], None)
        return body

    def post(self, order, event, token=HOOK_SECRET, **more):
        """As the dialplan's CURL does: status and text of the answer."""
        return self.deliver(self.keep(order, event, **more), token)

    def deliver(self, body, token=HOOK_SECRET):
        return self.send(body, {
            "Content-Type": "application/x-www-form-urlencoded",
            "Authorization": f"Bearer {token}"})

    def restart(self):
        """In silence: no post, and nothing is remembered."""
        self.channels.clear()
        self.variables = {"CB_HOOK": self.variables["CB_HOOK"]}
        self.started = "2026-01-01T00:10:00.000+0000"


class AsteriskInterface(Interface):
    def say(self, status, value=None, **headers):
        body = json.dumps(value).encode() if value is not None else b""
        with self.server.lock:
            self.server.answered.append((self.command, self.path.split("?")[0]))
        self.reply(status, "application/json" if body else "", body, **headers)

    def parse(self):
        """The path's last part and the query; None when it was refused."""
        length = int(self.headers.get("Content-Length", 0))
        self.body = self.rfile.read(length)
        address = urllib.parse.urlparse(self.path)
        with self.server.lock:
            self.server.asked.append((self.command, address.path))
        if self.headers.get("Authorization") != LOGIN:
            self.say(401, {"message": "Authentication required"},
                     WWW_Authenticate='Basic realm="Asterisk REST Interface"')
            return None
        query = urllib.parse.parse_qs(address.query)
        return address.path, {name: values[0] for name, values in query.items()}

    def order(self, channel):
        """What was asked for, checked in the order in which Asterisk does."""
        body = {}
        if self.headers.get("Content-Type", "").startswith("application/json"):
            try:
                body = json.loads(self.body)
            except ValueError:
                return 400, {"message": "Error parsing request body"}
        variables = body.get("variables", {})
        if "endpoint" not in body:
            return 400, {"message": "Endpoint must be specified"}
        if "extension" not in body and "app" not in body:
            return 400, {"message": "Application or extension must be specified"}
        if not all(isinstance(one, str) for one in variables.values()) or \
                len(channel) > 149:
            return 400, {"message": "Invalid parameters"}
        if channel in self.server.channels:
            return 409, {"message": "Channel with given unique ID already exists"}
        technology, address = body["endpoint"].split("/", 1)
        if technology != "PJSIP" or not address.endswith("@" + TRUNK):
            return 500, {"error": "Allocation failed"}
        return 200, {"id": channel, **body}

    def do_POST(self):
        world = self.server
        asked = self.parse()
        if asked is None:
            return
        path, query = asked
        channel = path.rsplit("/", 1)[1]
        if path == "/ari/asterisk/variable":
            world.variables[query["variable"]] = query["value"]
            self.say(204)
            return
        with world.lock:
            status, order = self.order(channel)
            said = world.answer(order)
            if status == 200 and not isinstance(said, tuple):
                world.channels[channel] = "Down"
                for name, value in order["variables"].items():
                    if name.startswith("GLOBAL("):
                        world.variables[name[7:-1]] = value
                if said == "over":
                    world.keep(order, "ended", **TALKED)
                elif said == "crash":
                    world.restart()
            if status == 200:
                world.orders.append(order)
        if said in ("lost", "over", "crash"):
            self.hang()
        elif isinstance(said, tuple):
            self.say(*said)
        elif status == 200:
            self.say(200, {"id": channel, "state": "Down",
                           "name": f"PJSIP/{TRUNK}-00000000"})
        else:
            self.say(status, order)

    def do_GET(self):
        asked = self.parse()
        if asked is None:
            return
        path, query = asked
        channel = path.rsplit("/", 1)[1]
        world = self.server
        if path == "/ari/asterisk/variable":
            time.sleep(world.slow_s)
            self.say(200, {"value": world.variables.get(query["variable"], "")})
        elif path == "/ari/asterisk/info":
            self.say(200, {"status": {"startup_time": world.started}})
        elif path == "/ari/asterisk/ping":
            self.say(200, {"ping": "pong"})
        elif channel in world.channels:
            self.say(200, {"id": channel, "state": world.channels[channel]})
        else:
            self.say(404, {"message": "Channel not found"})

    def do_DELETE(self):
        asked = self.parse()
        if asked is None:
            return
        channel = asked[0].rsplit("/", 1)[1]
        if self.server.channels.pop(channel, None) is None:
            self.say(404, {"message": "Channel not found"})
        else:
            self.say(204)


# ---- FreeSWITCH

class FreeSwitch(Engine):
    """mod_xml_rpc and mod_json_cdr. An order blocks until the test says what the
    specialist did."""

    def __init__(self):
        self.orders, self.alive, self.answered = [], {}, []
        self.core = "a1b9c7d4-0000-4000-8000-000000000001"
        super().__init__(FreeSwitchInterface)

    def specialist(self, order, answer="+OK"):
        """"+OK", or the cause: "USER_BUSY"."""
        if answer == "+OK":
            order["cb_talked"] = "0"    # as the dialplan begins
            order["said"] = f"+OK {order['origination_uuid']}"
        else:
            self.alive.pop(order["origination_uuid"], None)
            order["said"] = f"-ERR {answer}"
        order["done"].set()

    def restart(self):
        self.alive.clear()
        self.core = "a1b9c7d4-0000-4000-8000-000000000002"

    def over(self, order, leg, cause, seconds, **more):
        """A leg's record: percent signs inside, and a wrong Content-Type."""
        if leg == "agent":
            self.alive.pop(order["origination_uuid"], None)
        values = {"cb_leg": leg, "cb_uuid": order["cb_uuid"],
                  "cb_job": order["cb_job"], "hangup_cause": cause,
                  "billsec": str(seconds), **more}
        body = json.dumps({"core-uuid": "1", "variables": {
            name: "".join(one if one.isalnum() or one in "-_" else
                          f"%{ord(one):02X}" for one in value)
            for name, value in values.items()}})
        login = base64.b64encode(f"callbackd:{HOOK_SECRET}".encode()).decode()
        return self.send(body, {
            "Content-Type": "application/x-www-form-urlencoded",
            "Authorization": f"Basic {login}"})


class FreeSwitchInterface(Interface):
    def text(self, text):
        self.server.answered.append(urllib.parse.urlparse(self.path).path)
        self.reply(200, "text/plain", text.encode())

    def do_GET(self):
        world = self.server
        if self.headers.get("Authorization") != LOGIN:
            self.reply(401, "text/html", b"<HTML><BODY>Unauthorized</BODY></HTML>",
                       WWW_Authenticate='Basic realm="freeswitch"')
            return
        address = urllib.parse.urlparse(self.path)
        command = address.path.removeprefix("/txtapi/")
        argument = urllib.parse.unquote(address.query)
        if command == "uuid_getvar":
            name, variable = argument.split()
            self.text("-ERR No such channel!\n" if name not in world.alive
                      else world.alive[name].get(variable, "_undef_"))
        elif command == "global_getvar":
            self.text(world.core if argument == "core_uuid" else "")
        elif command == "uuid_kill":
            if world.alive.pop(argument, None) is None:
                self.text("-ERR No such channel!\n")
            else:
                self.text("+OK\n")
        elif command == "bgapi":
            # At once, whatever will come of it.
            self.text("+OK Job-UUID: 3c8ab5c0-5a8e-4f44-9d9c-d3b31e3bd61d\n")
        elif command == "originate":
            self.originate(argument)
        else:
            self.text("INVALID COMMAND!\n")

    def originate(self, argument):
        world = self.server
        pairs, dial = argument.removeprefix("{").split("}", 1)
        order = dict(pair.split("=", 1) for pair in pairs.split(","))
        name = order["origination_uuid"]
        with world.lock:
            is_new = name not in world.alive
            if is_new:
                order.update(dial=dial, done=threading.Event())
                world.alive[name] = order
                world.orders.append(order)
        if not is_new:
            self.text("-ERR DESTINATION_OUT_OF_ORDER\n")
            return
        if not order["done"].wait(float(order["originate_timeout"])):
            world.specialist(order, "NO_ANSWER")
        if order["said"] == "lost":
            self.hang()
        else:
            self.text(order["said"] + "\n")
