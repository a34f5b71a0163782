package main

import (
	"encoding/json"
	"io"

	"go.mau.fi/whatsmeow/binary/token"
)

// printTokens writes the dictionaries of the binary XML as one JSON object, for programs that speak the same wire.
func printTokens(out io.Writer) error {
	double := make([][]string, len(token.DoubleByteTokens))
	for i := range token.DoubleByteTokens {
		double[i] = token.DoubleByteTokens[i][:]
	}
	return json.NewEncoder(out).Encode(map[string]any{
		"version": token.DictVersion,
		"single":  token.SingleByteTokens[:],
		"double":  double,
	})
}
