package approval

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"
)

const (
	security   = "5cc9ac6b-7d5c-4bb6-a9a6-6e3e5b6a6a01"
	driver     = "b7a3d0f4-1c0d-4b57-8e52-4a1b9a0d3c03"
	notOffered = "8f1d7a52-3f0e-4c39-9d0b-0d4f7b1c2a02"
)

func TestWhatIsWantedAndOfferedIsApproved(t *testing.T) {
	device := newDevice(t)
	answers := session(t, device, security, notOffered)
	if len(answers) != 3 {
		t.Fatalf("the session has %d messages, not 3\n%s", len(answers), device.why())
	}
	offered, added, readBack := answers[0], answers[1], answers[2]
	same(t, device, "the offer's statuses", statuses(offered), []string{"SyncHdr 200", "Get 200"})
	same(t, device, "the offer", offered.children(installable), []string{security, driver})
	same(t, device, "the approval's statuses", statuses(added), []string{"SyncHdr 200", "Add 200"})
	same(t, device, "what is read back", readBack.children(approved), []string{security})

	// What the server cannot see: the device itself.
	same(t, device, "the device's approvals", approvals(device), []string{security})
	var updates []struct {
		ID       string
		Approved bool
	}
	device.control("GET", "updates", &updates)
	same(t, device, "the number of updates", len(updates), 2)
	for _, update := range updates {
		same(t, device, "the approval of "+update.ID, update.Approved, update.ID == security)
	}

	device.reset()
	same(t, device, "the device's approvals after a reset", approvals(device), []string{})
}

func TestNothingIsApprovedThatIsNotWanted(t *testing.T) {
	device := newDevice(t)
	answers := session(t, device)
	same(t, device, "the number of messages", len(answers), 1)
	same(t, device, "the device's approvals", approvals(device), []string{})
}

// session carries messages between server and device until the server has no more to say.
func session(t *testing.T, device *device, wanted ...string) []answer {
	t.Helper()
	server := httptest.NewServer(Server{Wanted: set(wanted)})
	defer server.Close()
	var answers []answer
	var said []byte
	for {
		response, err := http.Post(server.URL, "application/vnd.syncml.dm+xml", bytes.NewReader(said))
		if err != nil {
			t.Fatal(err)
		}
		message, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode >= 400 {
			t.Fatalf("the server: %s: %s", response.Status, message)
		}
		if response.StatusCode == http.StatusNoContent {
			return answers
		}
		said = device.post(message)
		answer, err := readAnswer(bytes.NewReader(said))
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, answer)
	}
}

func set(names []string) map[string]bool {
	set := map[string]bool{}
	for _, name := range names {
		set[name] = true
	}
	return set
}

func statuses(said answer) []string {
	var statuses []string
	for _, status := range said.Statuses {
		statuses = append(statuses, fmt.Sprint(status.Cmd, " ", status.Data))
	}
	return statuses
}

func approvals(device *device) []string {
	var node struct{ Children []struct{ Name string } }
	device.control("GET", "tree?uri="+approved, &node)
	names := []string{}
	for _, child := range node.Children {
		names = append(names, child.Name)
	}
	return names
}

// same fails when got is not as expected, and says every status with the rule behind it.
func same(t *testing.T, device *device, what string, got, expected any) {
	t.Helper()
	if !reflect.DeepEqual(got, expected) {
		t.Fatalf("%s: got %v, expected %v\n%s", what, got, expected, device.why())
	}
}
