// Package approval is a server's side: which updates may a device install?
package approval

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strings"
)

const (
	installable = "./Vendor/MSFT/Update/InstallableUpdates"
	approved    = "./Vendor/MSFT/Update/ApprovedUpdates"
)

// Server answers what devices report: each request holds what a device said last (nothing before its first message),
// each response the server's next message. 204 ends the session.
type Server struct {
	Wanted map[string]bool // the ids of the updates to approve
}

func (s Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	said, err := readAnswer(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	next := s.next(said)
	if next == "" {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "application/vnd.syncml.dm+xml")
	io.WriteString(w, next)
}

func (s Server) next(said answer) string {
	switch said.to() {
	case 0:
		return message(1, "Get", installable)
	case 1:
		var approvals []string
		for _, update := range said.children(installable) {
			if s.Wanted[update] {
				approvals = append(approvals, approved+"/"+update)
			}
		}
		if len(approvals) > 0 {
			return message(2, "Add", approvals...)
		}
	case 2:
		return message(3, "Get", approved)
	}
	return ""
}

// answer is what a device said.
type answer struct {
	Statuses []struct {
		MsgRef int
		Cmd    string
		Data   int
	} `xml:"SyncBody>Status"`
	Items []struct {
		URI  string `xml:"Source>LocURI"`
		Data string
	} `xml:"SyncBody>Results>Item"`
}

func readAnswer(body io.Reader) (answer, error) {
	var said answer
	err := xml.NewDecoder(body).Decode(&said)
	if err == io.EOF { // nothing said yet
		err = nil
	}
	return said, err
}

// to is the number of the server's message that is answered; 0 is none.
func (a answer) to() int {
	if len(a.Statuses) == 0 {
		return 0
	}
	return a.Statuses[0].MsgRef
}

// children are the names of a node's children, which a device gives as one value.
func (a answer) children(uri string) []string {
	for _, item := range a.Items {
		if item.URI == uri && item.Data != "" {
			return strings.Split(item.Data, "/")
		}
	}
	return nil
}

// message has one command for each address.
func message(number int, command string, uris ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>`+
		`<SessionID>1</SessionID><MsgID>%d</MsgID><Target><LocURI>device</LocURI></Target>`+
		`<Source><LocURI>https://mdm.example.org/manage</LocURI></Source></SyncHdr><SyncBody>`, number)
	for i, uri := range uris {
		fmt.Fprintf(&b, `<%s><CmdID>%d</CmdID><Item><Target><LocURI>`, command, i+1)
		xml.EscapeText(&b, []byte(uri))
		fmt.Fprintf(&b, `</LocURI></Target></Item></%s>`, command)
	}
	b.WriteString(`<Final/></SyncBody></SyncML>`)
	return b.String()
}
