// Package network decides which WhatsApp the library speaks to, and which version of a client it claims to be.
package network

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waWa6"
	"go.mau.fi/whatsmeow/store"
)

// Options name a network; without an address it is WhatsApp itself.
type Options struct {
	// Address such as ws://127.0.0.1:7771, whose certificates the key RootKey signs.
	Address, RootKey string
	AllowRemote      bool
	// Version is auto, or one such as 2.3000.1234567.
	Version string
}

// Network gives every session the same HTTP client.
type Network struct {
	HTTP *http.Client
	log  *slog.Logger
	auto bool
	// version guards the library's variable.
	version sync.RWMutex
}

// New sets the library's root key and version, which are one for the whole process.
func New(o Options, log *slog.Logger) (*Network, error) {
	dialer := &net.Dialer{Timeout: 20 * time.Second, KeepAlive: 30 * time.Second}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, TLSHandshakeTimeout: 15 * time.Second,
		ResponseHeaderTimeout: time.Minute, IdleConnTimeout: 90 * time.Second, MaxIdleConns: 16,
	}
	n := &Network{HTTP: &http.Client{Transport: transport}, log: log, auto: o.Version == "auto" && o.Address == ""}
	if o.Version != "auto" {
		version, err := store.ParseVersion(o.Version)
		if err != nil {
			return nil, fmt.Errorf("read the WhatsApp version: %w", err)
		}
		store.SetWAVersion(version)
	}
	if o.Address == "" {
		return n, nil
	}
	target, err := o.target()
	transport.Proxy = nil
	n.HTTP.Transport = &redirect{target, transport}
	return n, err
}

func (o Options) target() (*url.URL, error) {
	target, err := url.Parse(o.Address)
	if err != nil || target.Host == "" || target.Scheme != "ws" && target.Scheme != "wss" {
		return nil, fmt.Errorf("%q is no address like ws://127.0.0.1:7771", o.Address)
	}
	ip := net.ParseIP(target.Hostname())
	if !o.AllowRemote && target.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("%s is not on this machine: --allow-remote-network permits it", target.Host)
	}
	key, err := hex.DecodeString(o.RootKey)
	if err != nil || len(key) != len(whatsmeow.WACertPubKey) {
		return nil, errors.New("--root-key must be 64 hex digits")
	}
	copy(whatsmeow.WACertPubKey[:], key)
	target.Scheme = map[string]string{"ws": "http", "wss": "https"}[target.Scheme]
	return target, nil
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

// Payload makes a device's login or registration payload.
func (n *Network) Payload(device *store.Device) *waWa6.ClientPayload {
	n.version.RLock()
	defer n.version.RUnlock()
	return device.GetClientPayload()
}

// Version is the one in use.
func (n *Network) Version() string {
	n.version.RLock()
	defer n.version.RUnlock()
	return store.GetWAVersion().String()
}

// Refresh asks WhatsApp for its newest version, unless the version or the network was given.
func (n *Network) Refresh(ctx context.Context) {
	if !n.auto {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	latest, err := whatsmeow.GetLatestVersion(ctx, n.HTTP)
	if err != nil {
		n.log.Warn("the newest WhatsApp version is not known", "using", n.Version(), "error", err)
		return
	}
	n.version.Lock()
	defer n.version.Unlock()
	store.SetWAVersion(*latest)
}
