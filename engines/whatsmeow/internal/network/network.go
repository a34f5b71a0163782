// Package network decides which WhatsApp the library speaks to: the real one, or another at a given address.
package network

import (
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"go.mau.fi/whatsmeow"
)

// Network gives every session the same HTTP client.
type Network struct {
	HTTP *http.Client
	// Real is true for WhatsApp itself.
	Real bool
}

// WhatsApp is the real network.
func WhatsApp() *Network {
	return &Network{HTTP: &http.Client{Transport: transport()}, Real: true}
}

// At is a network at an address such as ws://127.0.0.1:7771, whose certificates are signed with rootKey. It sets the
// key that the library checks against, which is one for the whole process.
func At(address, rootKey string, allowRemote bool) (*Network, error) {
	target, err := url.Parse(address)
	if err != nil || target.Host == "" || (target.Scheme != "ws" && target.Scheme != "wss") {
		return nil, fmt.Errorf("%q is not an address like ws://127.0.0.1:7771", address)
	}
	if !allowRemote && !isLoopback(target.Hostname()) {
		return nil, fmt.Errorf("%s is not on this machine: --allow-remote-network permits it", target.Host)
	}
	key, err := hex.DecodeString(rootKey)
	if err != nil || len(key) != len(whatsmeow.WACertPubKey) {
		return nil, fmt.Errorf("--root-key must be %d hex digits", 2*len(whatsmeow.WACertPubKey))
	}
	copy(whatsmeow.WACertPubKey[:], key)
	direct := transport()
	direct.Proxy = nil
	scheme := map[string]string{"ws": "http", "wss": "https"}[target.Scheme]
	return &Network{HTTP: &http.Client{Transport: &redirect{scheme: scheme, host: target.Host, through: direct}}}, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

func transport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 20 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   15 * time.Second,
		ResponseHeaderTimeout: 60 * time.Second,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConns:          16,
	}
}

// redirect sends every request to one host, whatever its URL says.
type redirect struct {
	scheme, host string
	through      http.RoundTripper
}

func (r *redirect) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.URL.Scheme, request.URL.Host, request.Host = r.scheme, r.host, r.host
	return r.through.RoundTrip(request)
}
