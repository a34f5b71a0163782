package exchange

import (
	"os"
	"path/filepath"
	"testing"
)

func TestOnlyOwnLeftOversGoAtTheStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "exchange")
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"event-1", "download-1", "send-1"} {
		if err := os.WriteFile(filepath.Join(path, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(path); err != nil {
		t.Fatal(err)
	}
	left, _ := filepath.Glob(filepath.Join(path, "*"))
	info, _ := os.Stat(path)
	if len(left) != 1 || filepath.Base(left[0]) != "send-1" || info.Mode().Perm() != 0o700 {
		t.Fatalf("left %v, mode %s", left, info.Mode())
	}
}

func TestNoNameLeadsOutOfTheDirectory(t *testing.T) {
	d, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", ".", "..", ".hidden", "../x", "/etc/passwd", "a/b"} {
		if file, err := d.Open(name); err == nil {
			file.Close()
			t.Errorf("%q was opened", name)
		}
	}
}

func TestWhatIsWrittenCanBeReadByItsName(t *testing.T) {
	d, _ := Open(t.TempDir())
	name, err := d.Write("event-", []byte("content"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(string(d), name))
	if err != nil || string(got) != "content" {
		t.Fatalf("%q, %v", got, err)
	}
	d.Remove("")
	d.Remove(name)
	if _, err := d.Open(name); !os.IsNotExist(err) {
		t.Fatalf("got %v", err)
	}
}
