package rpc

import "fmt"

// Kind is a sort of error that the protocol knows. What Passes may succeed when the same call is made again.
type Kind struct {
	Name   string
	Code   int
	Passes bool
}

// The kinds of docs/engine-protocol.md, section 3.
var (
	Parse          = Kind{"parse", -32700, false}
	InvalidRequest = Kind{"invalid_request", -32600, false}
	UnknownMethod  = Kind{"unknown_method", -32601, false}
	InvalidParams  = Kind{"invalid_params", -32602, false}
	Internal       = Kind{"internal", -32603, false}
	UnknownSession = Kind{"unknown_session", -32001, false}
	StaleFence     = Kind{"stale_fence", -32002, false}
	NotConnected   = Kind{"not_connected", -32003, true}
	NotPaired      = Kind{"not_paired", -32004, false}
	AlreadyPaired  = Kind{"already_paired", -32004, false}
	Timeout        = Kind{"timeout", -32005, true}
	Server         = Kind{"server", -32006, false}
	InvalidMessage = Kind{"invalid_message", -32007, false}
	Storage        = Kind{"storage", -32008, true}
	File           = Kind{"file", -32009, false}
	NotOnWhatsApp  = Kind{"not_on_whatsapp", -32010, false}
	Gone           = Kind{"gone", -32011, false}
)

// Fault is an error that the other side gets to see.
type Fault struct {
	Code    int            `json:"code"`
	Message string         `json:"message"`
	Data    map[string]any `json:"data"`
}

func (f *Fault) Error() string { return f.Message }

// Errorf makes a fault of a kind.
func Errorf(kind Kind, format string, args ...any) *Fault {
	data := map[string]any{"kind": kind.Name, "retry": kind.Passes}
	return &Fault{Code: kind.Code, Message: fmt.Sprintf(format, args...), Data: data}
}

// With adds to the data of a fault.
func (f *Fault) With(key string, value any) *Fault {
	f.Data[key] = value
	return f
}
