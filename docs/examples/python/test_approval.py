"""The server's approvals, tested against a Windows device that can be reset. Run: pytest"""

from approval import APPROVED, INSTALLABLE, Answer, next_message

SECURITY = "5cc9ac6b-7d5c-4bb6-a9a6-6e3e5b6a6a01"
DRIVER = "b7a3d0f4-1c0d-4b57-8e52-4a1b9a0d3c03"
NOT_OFFERED = "8f1d7a52-3f0e-4c39-9d0b-0d4f7b1c2a02"


def session(device, wanted):
    """Carries messages between server and device until the server has no more to say; the device's answers."""
    answers, said = [], ""
    while message := next_message(said, wanted):
        said = device.post(message)
        answers.append(Answer(said))
    return answers


def test_what_is_wanted_and_offered_is_approved(device):
    offered, approved, read_back = session(device, wanted={SECURITY, NOT_OFFERED})

    assert offered.statuses == [("SyncHdr", 200), ("Get", 200)], device.why()
    assert offered.children(INSTALLABLE) == [SECURITY, DRIVER]
    assert approved.statuses == [("SyncHdr", 200), ("Add", 200)], device.why()
    assert read_back.children(APPROVED) == [SECURITY], device.why()

    # What the server cannot see: the device itself.
    tree = device.control(f"tree?uri={APPROVED}")
    assert [node["name"] for node in tree["children"]] == [SECURITY]
    approved = {update["id"]: update["approved"] for update in device.control("updates")}
    assert approved == {SECURITY: True, DRIVER: False}


def test_nothing_is_approved_that_is_not_wanted(device):
    (offered,) = session(device, wanted=set())

    assert offered.children(INSTALLABLE) == [SECURITY, DRIVER], device.why()
    assert device.control(f"tree?uri={APPROVED}")["children"] == []
