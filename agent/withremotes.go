//go:build !hearthkey_noremotes

package agent

// withRemotes says whether this program has what remote controls need: those on the home
// network, how they and an operator's server are found, and those in the hand (Input). The build
// tag hearthkey_noremotes leaves it out, which is an eighth of a box's program, for hosts that give
// all keys themselves.
const withRemotes = true
