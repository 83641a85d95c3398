package approval

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const lab = "../lab.toml"

func cspsim() string {
	if path := os.Getenv("CSPSIM"); path != "" {
		return path
	}
	return "cspsim"
}

// endpoint is where cspsim listens.
var endpoint string

// TestMain has cspsim play devices as long as the tests run; it picks a free port and says which.
func TestMain(m *testing.M) {
	serve := exec.Command(cspsim(), "serve", "--listen", "127.0.0.1:0", "--clock", "frozen")
	serve.Stderr = os.Stderr
	output, err := serve.StdoutPipe()
	if err != nil {
		log.Fatal(err)
	}
	if err := serve.Start(); err != nil {
		log.Fatal(err)
	}
	ready, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		log.Fatal("cspsim did not start: ", err)
	}
	endpoint = strings.TrimPrefix(strings.TrimSpace(ready), "cspsim listening on ")
	code := m.Run()
	serve.Process.Kill()
	serve.Wait()
	os.Exit(code)
}

// device is a simulated Windows device, as lab.toml describes it.
type device struct {
	t    *testing.T
	name string
	sent []string
}

// newDevice makes a device for a test, which ends with the test.
func newDevice(t *testing.T) *device {
	t.Helper()
	description, err := os.ReadFile(lab)
	if err != nil {
		t.Fatal(err)
	}
	d := &device{t: t, name: "lab-01"}
	d.request("POST", "/_cspsim/devices", "application/toml", description)
	t.Cleanup(func() { d.request("DELETE", "/_cspsim/devices/"+d.name, "", nil) })
	return d
}

// post gives the device a message of the server, and returns its answer.
func (d *device) post(message []byte) []byte {
	d.sent = append(d.sent, string(message))
	return d.request("POST", "/devices/"+d.name, "application/vnd.syncml.dm+xml", message)
}

// control asks the simulator for its own view of the device.
func (d *device) control(method, what string, into any) {
	d.t.Helper()
	body := d.request(method, "/_cspsim/devices/"+d.name+"/"+what, "", nil)
	if into != nil {
		if err := json.Unmarshal(body, into); err != nil {
			d.t.Fatalf("%s: %v: %s", what, err, body)
		}
	}
}

// reset makes the device what the file says again.
func (d *device) reset() {
	d.control("POST", "reset", nil)
	d.sent = nil
}

// why says every status with the rule behind it: what to read when a test is red.
func (d *device) why() string {
	arguments := []string{"answer", "--explain", "--device", lab, "--out", os.DevNull}
	folder := d.t.TempDir()
	for i, message := range d.sent {
		file := filepath.Join(folder, fmt.Sprintf("message%d.xml", i+1))
		if err := os.WriteFile(file, []byte(message), 0o600); err != nil {
			d.t.Fatal(err)
		}
		arguments = append(arguments, file)
	}
	said, _ := exec.Command(cspsim(), arguments...).CombinedOutput()
	return string(said)
}

func (d *device) request(method, path, mediaType string, body []byte) []byte {
	d.t.Helper()
	request, err := http.NewRequest(method, endpoint+path, bytes.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	request.Header.Set("Content-Type", mediaType)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		d.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	if response.StatusCode >= 400 {
		d.t.Fatalf("%s %s: %s: %s", method, path, response.Status, answer)
	}
	return answer
}
