"""An MDM server that approves updates: what OMA DM asks of a server, in one file of Python's standard library.

    python3 mdm_server.py --listen 127.0.0.1:18080 --approve 5cc9ac6b-7d5c-4bb6-a9a6-6e3e5b6a6a01
    cspsim connect http://127.0.0.1:18080/mdm

It prints where it listens, and for each session a line of JSON with what it has learnt. With --wrong it breaks one
rule, in the first answer of each session, to show how a device takes that.
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import ssl
import threading
import time
import xml.etree.ElementTree as ET
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

VERSION = "./DevDetail/SwV"
INSTALLABLE = "./Vendor/MSFT/Update/InstallableUpdates"
APPROVED = "./Vendor/MSFT/Update/ApprovedUpdates"
UNENROLLMENT = "com.microsoft:mdm.unenrollment.userrequest"
SYNCML = "application/vnd.syncml.dm+xml"
SCHEMES = {"basic": "syncml:auth-basic", "md5": "syncml:auth-md5"}
WRONG = {
    "no-final": "leaves out Final",
    "session-id": "answers with another SessionID",
    "msg-id": "does not begin with MsgID 1",
    "msg-ref": "answers a message that was never sent",
    "cmd-ref": "calls the command that it answers by another name",
    "sync-hdr-first": "answers the SyncHdr after another command",
    "missing-status": "leaves out the last Status",
    "unsolicited-status": "gives the last Status twice",
    "commands-while-outstanding": "sends a command before the device has said all of a long answer",
    "no-cmd-id": "sends a command without CmdID",
    "unknown-element": "sends a command that OMA DM does not have",
    "cut": "sends half a message",
    "not-utf-8": "says UTF-8 and means Latin-1",
    "html": "answers with a page for people",
    "empty": "answers nothing",
    "huge": "answers with eight megabytes",
    "error-once": "answers the first message with HTTP 500, once",
    "error": "answers every message with HTTP 500",
    "throttle": "answers with HTTP 429 until the device has waited a second",
    "redirect": "sends the device to another address",
    "redirect-endless": "sends the device on and on",
    "endless": "always has one more command",
}


# What a message says.


class Message:
    """A message of the device's."""

    def __init__(self, body):
        root = ET.fromstring(body)
        header, self.body = root.find("{*}SyncHdr"), root.find("{*}SyncBody")
        self.session = header.findtext("{*}SessionID")
        self.number = header.findtext("{*}MsgID")
        self.device = header.findtext("{*}Source/{*}LocURI")
        self.server = header.findtext("{*}Target/{*}LocURI")
        self.cred = header.findtext("{*}Cred/{*}Data")
        self.scheme = header.findtext("{*}Cred/{*}Meta/{*}Type")
        self.is_final = self.body.find("{*}Final") is not None

    def commands(self):
        """What must be answered: name and CmdID of every Alert and Replace."""
        names = ((element.tag.split("}")[-1], element) for element in self.body)
        return [(name, element.findtext("{*}CmdID")) for name, element in names if name in ("Alert", "Replace")]

    def alerts(self):
        """The code of every Alert, and its type and data if it has them."""
        for alert in self.body.iterfind("{*}Alert"):
            data = alert.findtext("{*}Item/{*}Data", "")
            yield alert.findtext("{*}Data"), alert.findtext("{*}Item/{*}Meta/{*}Type", ""), data

    def statuses(self):
        """MsgRef, CmdRef and code of every Status but the SyncHdr's."""
        statuses = [[status.findtext(f"{{*}}{name}") for name in ("MsgRef", "CmdRef", "Data")]
                    for status in self.body.iterfind("{*}Status")]
        return [status for status in statuses if status[1] != "0"]

    def values(self):
        """The values of all Results by their addresses."""
        items = self.body.iterfind("{*}Results/{*}Item")
        return {item.findtext("{*}Source/{*}LocURI"): item.findtext("{*}Data", "") for item in items}


class Answer:
    """A message of the server's, in the making."""

    def __init__(self, message, number):
        self.message, self.session, self.number = message, message.session, number
        self.msg_ref, self.max_msg_size, self.is_final = message.number, None, True
        self.statuses = []
        self.commands = []

    def status(self, cmd_ref, cmd, code, chal=""):
        self.statuses.append((cmd_ref, cmd, f"{chal}<Data>{code}</Data>"))

    def command(self, verb, uri, node_format=None):
        """Adds a command, and says which CmdID it will have: Statuses come first."""
        meta = f'<Meta><Format xmlns="syncml:metinf">{node_format}</Format></Meta>' if node_format else ""
        self.commands.append((verb, f"<Item><Target><LocURI>{escape(uri)}</LocURI></Target>{meta}</Item>"))
        return str(len(self.statuses) + len(self.commands))

    def alert(self, code):
        self.commands.append(("Alert", f"<Data>{code}</Data>"))

    def xml(self):
        said = self.message
        size = self.max_msg_size and f'<Meta><MaxMsgSize xmlns="syncml:metinf">{self.max_msg_size}</MaxMsgSize></Meta>'
        statuses = [f"<Status><CmdID>{cmd_id}</CmdID><MsgRef>{self.msg_ref}</MsgRef><CmdRef>{cmd_ref}</CmdRef>"
                    f"<Cmd>{cmd}</Cmd>{rest}</Status>"
                    for cmd_id, (cmd_ref, cmd, rest) in enumerate(self.statuses, 1)]
        commands = [f"<{verb}><CmdID>{cmd_id}</CmdID>{rest}</{verb}>"
                    for cmd_id, (verb, rest) in enumerate(self.commands, 1 + len(statuses))]
        return ('<SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>'
                f"<SessionID>{escape(self.session)}</SessionID><MsgID>{self.number}</MsgID>"
                f"<Target><LocURI>{escape(said.device)}</LocURI></Target>"
                f"<Source><LocURI>{escape(said.server)}</LocURI></Source>{size or ''}</SyncHdr>"
                f"<SyncBody>{''.join(statuses + commands)}{'<Final/>' if self.is_final else ''}</SyncBody></SyncML>")


# Credentials: OMA DM Security 1.2.1, 5.3.


def b64(octets):
    return base64.b64encode(octets).decode()


def proof(scheme, user, password, nonce):
    """What stands in Cred. The nonce is octets here; on the wire it is Base64."""
    pair = f"{user}:{password}".encode()
    if scheme == "basic":
        return b64(pair)
    return b64(hashlib.md5(b64(hashlib.md5(pair).digest()).encode() + b":" + nonce).digest())


class Doorkeeper:
    """Asks devices who they are; without a user it asks nobody."""

    def __init__(self, scheme, user, password):
        self.scheme, self.user, self.password = scheme, user, password
        self.nonces = {}

    def check(self, message):
        """The code of the SyncHdr's Status, and the Chal beside it."""
        if self.user is None:
            return 200, ""
        nonce = self.nonces.get(message.device, b"")
        expected = proof(self.scheme, self.user, self.password, nonce)
        if message.cred is None:
            code = 407
        elif message.scheme == SCHEMES[self.scheme] and hmac.compare_digest(message.cred, expected):
            code = 212
        else:
            code = 401
        if self.scheme == "basic":
            return code, self.chal("") if code != 212 else ""
        # A nonce is used once. After 212 this one is for the next session.
        self.nonces[message.device] = nonce = os.urandom(16)
        return code, self.chal(f'<NextNonce xmlns="syncml:metinf">{b64(nonce)}</NextNonce>')

    def chal(self, nonce):
        return ('<Chal><Meta><Format xmlns="syncml:metinf">b64</Format>'
                f'<Type xmlns="syncml:metinf">{SCHEMES[self.scheme]}</Type>{nonce}</Meta></Chal>')


# What the server wants.


class Session:
    """A conversation with a device, from package 1 until the server has nothing more to ask."""

    def __init__(self, options, doorkeeper):
        self.options, self.doorkeeper = options, doorkeeper
        self.number = 0
        self.is_welcome = False
        self.sent = {}
        self.steps = self.conversation()
        self.last = None
        self.learnt = {"session": None, "device": None, "alerts": [], "version": None, "installable": {},
                       "approved": [], "refused": {}, "ending": None}

    def answer(self, body):
        """The answer to a message of the device's. One that comes twice is answered the same again."""
        if self.last is None or self.last[0] != body:
            self.last = body, self.next(Message(body))
        return self.last[1]

    def next(self, message):
        self.number += 1
        answer = Answer(message, self.number)
        code, chal = (200, "") if self.is_welcome else self.doorkeeper.check(message)
        self.is_welcome = self.is_welcome or code < 400
        answer.status("0", "SyncHdr", code, chal)
        for cmd, cmd_id in message.commands():
            answer.status(cmd_id, cmd, 200 if code < 400 else code)
        self.learnt["session"], self.learnt["device"] = message.session, message.device
        if not self.is_welcome:
            # With a new nonce the device may try again, once.
            if code == 401 and (self.number > 1 or self.doorkeeper.scheme == "basic"):
                self.ends("credentials refused")
            return answer
        self.learn(message)
        codes = [code for code, _, _ in message.alerts()]
        if "1223" in codes:
            self.ends("aborted by the device")
        elif any(kind == UNENROLLMENT for _, kind, _ in message.alerts()):
            self.ends("the device leaves")
        elif not message.is_final and "1222" not in codes:
            # The device has more to say: until it has, nothing new may be asked.
            if self.options.wrong == "commands-while-outstanding":
                answer.command("Get", VERSION)
            else:
                answer.alert(1222)
        else:
            next(self.steps)(answer)
        return answer

    def conversation(self):
        """What is asked, package by package. The last one has Statuses alone, and ends the session."""
        yield self.ask
        yield self.approve
        yield self.read_back
        while self.options.wrong == "endless":
            yield self.read_back
        if self.options.unenroll:
            yield self.unenroll
        yield lambda _: self.ends("complete")
        while True:
            yield lambda _: None

    def ask(self, answer):
        answer.command("Get", VERSION)
        answer.command("Get", INSTALLABLE)

    def approve(self, answer):
        answer.command("Get", f"{INSTALLABLE}?list=StructData")
        for update in self.options.approve:
            if update in self.learnt["installable"]:
                uri = f"{APPROVED}/{update}"
                self.sent[str(self.number), answer.command("Add", uri, "node")] = uri

    def read_back(self, answer):
        answer.command("Get", APPROVED)

    def unenroll(self, answer):
        answer.command("Exec", f"./Vendor/MSFT/DMClient/Provider/{self.options.unenroll}/Unenroll")
        # The device says no more in this session.
        self.ends("the device is to leave")

    def learn(self, message):
        learnt = self.learnt
        for code, kind, data in message.alerts():
            learnt["alerts"].append(" ".join(filter(None, (code, kind, data))))
        for msg_ref, cmd_ref, code in message.statuses():
            uri = self.sent.get((msg_ref, cmd_ref))
            if uri and not code.startswith("2"):
                learnt["refused"][uri] = code
        for uri, value in message.values().items():
            if uri == VERSION:
                learnt["version"] = value
            elif uri == INSTALLABLE and value:
                learnt["installable"] = {update: {} for update in value.split("/")}
            elif uri == APPROVED:
                learnt["approved"] = value.split("/") if value else []
            elif uri.startswith(f"{INSTALLABLE}/") and value:
                update, *node = uri[len(INSTALLABLE) + 1:].split("/")
                learnt["installable"].setdefault(update, {})["/".join(node)] = value

    def ends(self, ending):
        if self.learnt["ending"] is None:
            self.learnt["ending"] = ending
            print(json.dumps(self.learnt), flush=True)


def spoil(answer, wrong):
    """Breaks a rule of the protocol."""
    if wrong == "no-final":
        answer.is_final = False
    elif wrong == "session-id":
        answer.session += "0"
    elif wrong == "msg-id":
        answer.number += 1
    elif wrong == "msg-ref":
        answer.msg_ref = "7"
    elif wrong == "cmd-ref":
        cmd_ref, _, rest = answer.statuses[-1]
        answer.statuses[-1] = cmd_ref, "Copy", rest
    elif wrong == "sync-hdr-first":
        answer.statuses[:2] = reversed(answer.statuses[:2])
    elif wrong == "missing-status":
        del answer.statuses[-1]
    elif wrong == "unsolicited-status":
        answer.statuses.append(answer.statuses[-1])
    elif wrong == "commands-while-outstanding":
        # A device that can say what is large in several messages does so now (`large_objects` in its file).
        answer.max_msg_size = 2048
        answer.command("Get", "./Vendor/MSFT/Update?list=StructData")
    elif wrong == "unknown-element":
        answer.commands.append(("Fetch", ""))


# HTTP.


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, options):
        host, _, port = options.listen.rpartition(":")
        super().__init__((host, int(port)), Handler)
        self.options, self.lock = options, threading.Lock()
        self.doorkeeper = Doorkeeper(options.auth, options.user, options.password)
        self.sessions = {}
        self.requests, self.patience = 0, None
        self.scheme = "https" if options.cert else "http"
        if options.cert:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(options.cert, options.key)
            if options.client_ca:
                context.load_verify_locations(options.client_ca)
                context.verify_mode = ssl.CERT_REQUIRED
            # The handshake is left to the thread of the connection.
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request, client_address):
        """A device that hangs up, or does not trust the server: the next one may be luckier."""

    def answer(self, body):
        """The status and the body of what HTTP answers."""
        message, wrong = Message(body), self.options.wrong
        key = message.device, message.session
        session = self.sessions.get(key)
        if session is None or (message.number == "1" and session.last[0] != body):
            session = self.sessions[key] = Session(self.options, self.doorkeeper)
        is_new = session.last is None
        answer = session.answer(body)
        if is_new:
            spoil(answer, wrong)
        text = answer.xml()
        if is_new and wrong == "no-cmd-id":
            text = text.replace(f"<Get><CmdID>{len(answer.statuses) + 1}</CmdID>", "<Get>")
        if is_new and wrong == "cut":
            text = text[:len(text) // 2]
        if is_new and wrong == "not-utf-8":
            return text.replace("<Final/>", "<!-- caf\u00e9 --><Final/>").encode("latin-1")
        return text.encode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        server, wrong = self.server, self.server.options.wrong
        with server.lock:
            server.requests += 1
            if wrong == "error" or (wrong == "error-once" and server.requests == 1):
                return self.say(500, b"the database is gone", "text/plain")
            if wrong == "throttle":
                server.patience = server.patience or time.monotonic() + 1
                if time.monotonic() < server.patience:
                    return self.say(429, b"", headers={"Retry-After": "1"})
            if wrong == "redirect-endless" or (wrong == "redirect" and not self.path.startswith("/elsewhere")):
                return self.say(307, b"", headers={"Location": f"/elsewhere?{server.requests}"})
            if wrong == "html":
                return self.say(200, b"<html><body>Please sign in</body></html>", "text/html")
            if wrong == "empty":
                return self.say(200, b"")
            if wrong == "huge":
                return self.say(200, b" " * (8 << 20))
            try:
                answer = server.answer(body)
            except (ET.ParseError, AttributeError):
                return self.say(400, b"expected a SyncML message", "text/plain")
            self.say(200, answer)

    def say(self, status, body, media_type=SYNCML, headers=()):
        self.send_response(status)
        for name, value in {"Content-Type": media_type, "Content-Length": len(body), **dict(headers)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Sessions are told when they are over; requests are not."""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listen", default="127.0.0.1:18080", metavar="HOST:PORT")
    parser.add_argument("--cert", metavar="FILE", help="the server's certificate (PEM): speak HTTPS")
    parser.add_argument("--key", metavar="FILE", help="its private key (PEM) [default: in the same file]")
    parser.add_argument("--client-ca", metavar="FILE", help="ask for client certificates of this authority (PEM)")
    parser.add_argument("--user", help="who may come; without, everybody")
    parser.add_argument("--password", default="")
    parser.add_argument("--auth", choices=SCHEMES, default="md5")
    parser.add_argument("--approve", nargs="+", default=[], metavar="GUID", help="the updates that may be installed")
    parser.add_argument("--unenroll", metavar="PROVIDER", help="in the end, take the device out of its management")
    parser.add_argument("--wrong", choices=WRONG, metavar="KIND",
                        help="; ".join(f"{kind}: {what}" for kind, what in WRONG.items()))
    server = Server(parser.parse_args())
    print(f"listening on {server.scheme}://{server.server_address[0]}:{server.server_port}/", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
