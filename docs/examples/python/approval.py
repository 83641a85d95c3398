"""The server's side: which updates may a device install?

A device reports and the server answers: `next_message` reads what the device said last and gives the server's next
message, or None when the session is over.
"""

import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

INSTALLABLE = "./Vendor/MSFT/Update/InstallableUpdates"
APPROVED = "./Vendor/MSFT/Update/ApprovedUpdates"


def next_message(said, wanted):
    """`said` is the device's last message, "" before its first; `wanted` are the ids of the updates to approve."""
    answer = Answer(said)
    if answer.to == 0:
        return message(1, "Get", [INSTALLABLE])
    if answer.to == 1:
        approvals = [f"{APPROVED}/{update}" for update in answer.children(INSTALLABLE) if update in wanted]
        return message(2, "Add", approvals) if approvals else None
    if answer.to == 2:
        return message(3, "Get", [APPROVED])
    return None


class Answer:
    """What a device said: which message it answers (0: none), the commands' statuses in order, values by address."""

    def __init__(self, said):
        root = ET.fromstring(said or "<SyncML/>")
        self.to = int(root.findtext(".//{*}Status/{*}MsgRef", "0"))
        self.statuses = [(s.findtext("{*}Cmd"), int(s.findtext("{*}Data"))) for s in root.iterfind(".//{*}Status")]
        self.results = {
            item.findtext("{*}Source/{*}LocURI"): item.findtext("{*}Data", "")
            for item in root.iterfind(".//{*}Results/{*}Item")
        }

    def children(self, uri):
        """The names of a node's children, which a device gives as one value."""
        return [name for name in self.results.get(uri, "").split("/") if name]


def message(number, command, uris):
    """One command for each address."""
    commands = "".join(
        f"<{command}><CmdID>{cmd_id}</CmdID><Item><Target><LocURI>{escape(uri)}</LocURI></Target></Item></{command}>"
        for cmd_id, uri in enumerate(uris, start=1)
    )
    return (
        '<SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>'
        f"<SessionID>1</SessionID><MsgID>{number}</MsgID><Target><LocURI>device</LocURI></Target>"
        "<Source><LocURI>https://mdm.example.org/manage</LocURI></Source></SyncHdr>"
        f"<SyncBody>{commands}<Final/></SyncBody></SyncML>"
    )
