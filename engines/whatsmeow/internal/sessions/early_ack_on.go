//go:build mutant_early_ack

package sessions

// earlyAck makes the mutant that the loss test must catch.
const earlyAck = true
