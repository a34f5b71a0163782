package host

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waWa6"
	"go.mau.fi/whatsmeow/store"
)

// reach makes the HTTP client for the network, and sets the library's root key and version: one for the whole process.
func (o Options) reach() (*http.Client, error) {
	if o.WAVersion != "auto" {
		version, err := store.ParseVersion(o.WAVersion)
		if err != nil {
			return nil, fmt.Errorf("read the WhatsApp version: %w", err)
		}
		store.SetWAVersion(version)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = time.Minute
	if o.Network == "" {
		return &http.Client{Transport: transport}, nil
	}
	target, err := url.Parse(o.Network)
	if err != nil || target.Host == "" || target.Scheme != "ws" && target.Scheme != "wss" {
		return nil, fmt.Errorf("%q is no address like ws://127.0.0.1:7771", o.Network)
	}
	ip := net.ParseIP(target.Hostname())
	if !o.AllowRemoteNetwork && target.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("%s is not on this machine: --allow-remote-network permits it", target.Host)
	}
	key, err := hex.DecodeString(o.RootKey)
	if err != nil || len(key) != len(whatsmeow.WACertPubKey) {
		return nil, errors.New("--root-key must be 64 hex digits")
	}
	copy(whatsmeow.WACertPubKey[:], key)
	target.Scheme = map[string]string{"ws": "http", "wss": "https"}[target.Scheme]
	transport.Proxy = nil
	return &http.Client{Transport: &redirect{target, transport}}, nil
}

// redirect sends every request to one host, whatever its URL says.
type redirect struct {
	to      *url.URL
	through http.RoundTripper
}

func (r *redirect) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.URL.Scheme, request.URL.Host, request.Host = r.to.Scheme, r.to.Host, r.to.Host
	return r.through.RoundTrip(request)
}

func (h *Host) payload(device *store.Device) func() *waWa6.ClientPayload {
	return func() *waWa6.ClientPayload {
		h.version.RLock()
		defer h.version.RUnlock()
		return device.GetClientPayload()
	}
}

func (h *Host) waVersion() string {
	h.version.RLock()
	defer h.version.RUnlock()
	return store.GetWAVersion().String()
}

// refreshVersion asks WhatsApp for its newest version, unless the version or the network was given.
func (h *Host) refreshVersion() {
	if h.WAVersion != "auto" || h.Network != "" {
		return
	}
	ctx, cancel := context.WithTimeout(h.life, 10*time.Second)
	defer cancel()
	latest, err := whatsmeow.GetLatestVersion(ctx, h.http)
	if err != nil {
		h.log.Warn("the newest WhatsApp version is not known", "using", h.waVersion(), "error", err)
		return
	}
	h.version.Lock()
	defer h.version.Unlock()
	store.SetWAVersion(*latest)
}
