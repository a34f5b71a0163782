package network

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waWa6"
	"go.mau.fi/whatsmeow/store"
)

// Version is the WhatsApp version that the library claims to be. The library keeps it in one unguarded variable.
type Version struct {
	network *Network
	auto    bool
	log     *slog.Logger
	mu      sync.RWMutex
	asking  sync.Mutex
}

// NewVersion takes "auto", or a version such as 2.3000.1234567.
func NewVersion(wanted string, network *Network, log *slog.Logger) (*Version, error) {
	v := &Version{network: network, auto: wanted == "auto" && network.Real, log: log}
	if wanted == "auto" {
		return v, nil
	}
	parsed, err := store.ParseVersion(wanted)
	if err != nil {
		return nil, fmt.Errorf("read the WhatsApp version: %w", err)
	}
	store.SetWAVersion(parsed)
	return v, nil
}

// Current returns the version in use.
func (v *Version) Current() string {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return store.GetWAVersion().String()
}

// Payload makes a device's login or registration payload.
func (v *Version) Payload(device *store.Device) *waWa6.ClientPayload {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return device.GetClientPayload()
}

// Refresh asks the network for its newest version; it does nothing when the version was given.
func (v *Version) Refresh(ctx context.Context) {
	if !v.auto || !v.asking.TryLock() {
		return
	}
	defer v.asking.Unlock()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	latest, err := whatsmeow.GetLatestVersion(ctx, v.network.HTTP)
	if err != nil {
		v.log.Warn("the newest WhatsApp version is not known", "using", v.Current(), "error", err)
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	store.SetWAVersion(*latest)
	v.log.Info("the newest WhatsApp version", "version", latest.String())
}
