//go:build hearthkey_noremotes

package agent

// withRemotes: see withremotes.go. What it guards is not in the program.
const withRemotes = false
