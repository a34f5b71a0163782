package host

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.mau.fi/whatsmeow"
)

var key = strings.Repeat("ab", 32)

func reach(o Options) (*http.Client, error) {
	o.WAVersion = "2.3000.1"
	return o.reach()
}

func TestOnlyThisMachineIsReachedUnlessItIsPermitted(t *testing.T) {
	kept := whatsmeow.WACertPubKey
	defer func() { whatsmeow.WACertPubKey = kept }()
	for address, isLocal := range map[string]bool{
		"ws://127.0.0.1:1": true, "ws://[::1]:1": true, "ws://localhost:1": true,
		"ws://10.0.0.1:1": false, "wss://example.com": false, "ws://127.0.0.1.example.com": false,
	} {
		if _, err := reach(Options{Network: address, RootKey: key}); (err == nil) != isLocal {
			t.Errorf("%s: %v", address, err)
		}
		if _, err := reach(Options{Network: address, RootKey: key, AllowRemoteNetwork: true}); err != nil {
			t.Errorf("%s, permitted: %v", address, err)
		}
	}
}

func TestAWrongNetworkIsRefused(t *testing.T) {
	for _, o := range []Options{
		{Network: "http://127.0.0.1:1", RootKey: key}, {Network: "127.0.0.1:1", RootKey: key},
		{Network: "ws://127.0.0.1:1"}, {Network: "ws://127.0.0.1:1", RootKey: "abcd"},
	} {
		if _, err := reach(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}

func TestEveryRequestGoesToTheNetwork(t *testing.T) {
	kept := whatsmeow.WACertPubKey
	defer func() { whatsmeow.WACertPubKey = kept }()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(r.URL.Path))
	}))
	defer server.Close()
	client, err := reach(Options{Network: "ws" + strings.TrimPrefix(server.URL, "http"), RootKey: key})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Get("https://web.whatsapp.com/ws/chat")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if whatsmeow.WACertPubKey[0] != 0xab || answer.StatusCode != http.StatusOK {
		t.Fatalf("got %s", answer.Status)
	}
}
