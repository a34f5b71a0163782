package rpc

import (
	"encoding/json"
	"fmt"
)

// Kind names an error of the engine protocol; every kind has one code.
type Kind string

const (
	Parse          Kind = "parse"
	InvalidRequest Kind = "invalid_request"
	UnknownMethod  Kind = "unknown_method"
	InvalidParams  Kind = "invalid_params"
	UnknownSession Kind = "unknown_session"
	StaleFence     Kind = "stale_fence"
	NotConnected   Kind = "not_connected"
	NotPaired      Kind = "not_paired"
	AlreadyPaired  Kind = "already_paired"
	Timeout        Kind = "timeout"
	Server         Kind = "server"
	InvalidMessage Kind = "invalid_message"
	Storage        Kind = "storage"
	File           Kind = "file"
	NotOnWhatsApp  Kind = "not_on_whatsapp"
	Internal       Kind = "internal"
)

// Code returns the JSON-RPC number of the kind.
func (k Kind) Code() int {
	switch k {
	case Parse:
		return -32700
	case InvalidRequest:
		return -32600
	case UnknownMethod:
		return -32601
	case InvalidParams:
		return -32602
	case UnknownSession:
		return -32001
	case StaleFence:
		return -32002
	case NotConnected:
		return -32003
	case NotPaired, AlreadyPaired:
		return -32004
	case Timeout:
		return -32005
	case Server:
		return -32006
	case InvalidMessage:
		return -32007
	case Storage:
		return -32008
	case File:
		return -32009
	case NotOnWhatsApp:
		return -32010
	default:
		return -32603
	}
}

// Fault is an error that the other side gets to see.
type Fault struct {
	Kind    Kind
	Message string
	Retry   bool
	Data    map[string]any
}

// Errorf makes a fault; the kinds that pass by themselves say that the same call may succeed later.
func Errorf(kind Kind, format string, args ...any) *Fault {
	retry := kind == NotConnected || kind == Timeout || kind == Storage
	return &Fault{Kind: kind, Message: fmt.Sprintf(format, args...), Retry: retry}
}

// With adds one field to the fault's data.
func (f *Fault) With(key string, value any) *Fault {
	if f.Data == nil {
		f.Data = make(map[string]any)
	}
	f.Data[key] = value
	return f
}

func (f *Fault) Error() string { return f.Message }

// MarshalJSON writes the error object of a JSON-RPC answer.
func (f *Fault) MarshalJSON() ([]byte, error) {
	data := map[string]any{"kind": f.Kind, "retry": f.Retry}
	for key, value := range f.Data {
		data[key] = value
	}
	return json.Marshal(map[string]any{"code": f.Kind.Code(), "message": f.Message, "data": data})
}
