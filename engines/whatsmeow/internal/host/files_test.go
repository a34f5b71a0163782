package host

import (
	"errors"
	"io/fs"
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
	if _, err := openExchange(path); err != nil {
		t.Fatal(err)
	}
	left, _ := filepath.Glob(filepath.Join(path, "*"))
	info, _ := os.Stat(path)
	if len(left) != 1 || filepath.Base(left[0]) != "send-1" || info.Mode().Perm() != 0o700 {
		t.Fatalf("left %v, mode %s", left, info.Mode())
	}
}

func TestNoNameLeadsOutOfTheDirectory(t *testing.T) {
	r := newRig(t)
	for _, name := range []string{"", ".", "..", ".hidden", "../x", "/etc/passwd", "a/b"} {
		if _, err := r.openFile(name); !errors.As(err, new(*fs.PathError)) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestNoNameRemovesNothing(t *testing.T) {
	r := newRig(t)
	_ = r.files.Remove("")
	if _, err := os.Stat(r.files.Name()); err != nil {
		t.Fatal(err)
	}
}
