//go:build !mutant_early_ack

package sessions

// earlyAck is false in every build of the product: the network hears of an event after Recado has stored it.
const earlyAck = false
