package delivery

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestList(t *testing.T) {
	file := filepath.Join(t.TempDir(), "results.json")
	list, err := Read(file)
	if list != nil || err != nil {
		t.Fatalf("got %v, %v", list, err)
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	stick := Delivery{Target: "/dev/sdb1", State: Delivered, At: at, Folder: "A1-20260102T030405Z"}
	server := Delivery{Target: "https://server.example/", State: Waiting, At: at, Error: "no route to host", Sent: map[string]string{"bee-audit.json": "abc"}}
	list.Set(Delivery{Target: "/dev/sdb1", State: Failed})
	list.Set(server)
	list.Set(stick)
	if err := list.Write(file); err != nil {
		t.Fatal(err)
	}
	if got, err := Read(file); err != nil || !reflect.DeepEqual(got, List{stick, server}) {
		t.Errorf("got %+v, %v", got, err)
	}
	if got := list.To("https://server.example/"); !reflect.DeepEqual(got, server) {
		t.Errorf("got %+v", got)
	}
	if got := list.To("/dev/sdc1"); got.State != "" || got.Target != "/dev/sdc1" {
		t.Errorf("got %+v", got)
	}
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("got %v", err)
	}
}
