#!/bin/sh
# The server's side: which updates may a device install?
#
#   approval.sh WANTED... <said >next
#
# reads what the device said last (nothing before its first message) and writes the server's next message: nothing when
# the session is over. WANTED are the ids of the updates to approve.
set -eu

update=./Vendor/MSFT/Update

# message NUMBER COMMAND URI...: one command for each address
message() {
  number=$1 command=$2 cmd_id=0 commands=
  shift 2
  for uri; do
    cmd_id=$((cmd_id + 1))
    commands="$commands<$command><CmdID>$cmd_id</CmdID><Item><Target><LocURI>$uri</LocURI></Target></Item></$command>"
  done
  cat <<XML
<SyncML xmlns="SYNCML:SYNCML1.2">
  <SyncHdr>
    <VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto><SessionID>1</SessionID><MsgID>$number</MsgID>
    <Target><LocURI>device</LocURI></Target><Source><LocURI>https://mdm.example.org/manage</LocURI></Source>
  </SyncHdr>
  <SyncBody>$commands<Final/></SyncBody>
</SyncML>
XML
}

said=$(cat)
# The number of the server's message that the device answers.
answered=$(printf '%s\n' "$said" | sed -n 's|.*<MsgRef>\([0-9]*\)</MsgRef>.*|\1|p')
case ${answered:-0} in
  0)
    message 1 Get $update/InstallableUpdates
    ;;
  1)
    # A device gives the names of a node's children as one value: id/id/id
    offered=$(printf '%s\n' "$said" | sed -n 's|.*/InstallableUpdates</LocURI></Source>.*<Data>\([^<]*\)</Data>.*|\1|p')
    wanted=" $* "
    set --
    for id in $(printf '%s\n' "$offered" | tr / ' '); do
      case $wanted in *" $id "*) set -- "$@" "$update/ApprovedUpdates/$id" ;; esac
    done
    if [ $# -gt 0 ]; then message 2 Add "$@"; fi
    ;;
  2)
    message 3 Get $update/ApprovedUpdates
    ;;
esac
