package main

// bug is a fault that is planted around the real code, to see that the judge
// finds it. Those of the SQL are in the tests.
type bug string

// The planted bugs.
const (
	none bug = ""

	// Of a TV.
	lateSync        bug = "sends the receipt before the vault is synced"
	keptCache       bug = "says erased and keeps the cache"
	olderStates     bug = "takes an older state over a newer one"
	forgottenProofs bug = "forgets unacknowledged proofs at a restart"
	forgottenCounts bug = "does not keep the number of its connections"
	frozenBoots     bug = "does not charge a boot"
	stoppedClock    bug = "counts by a clock that stops in standby"
	forgottenThefts bug = "forgets at a restart that it is stolen"
	longLeases      bug = "takes each lease for the longest"
	deafLists       bug = "takes no key lists"
	keptGrants      bug = "keeps a play grant after its end"

	// Of a node.
	carelessGrants bug = "grants without knowing what the database says"
	deafPolls      bug = "does not poll, so that a lost hint stays lost"
	deafKeys       bug = "does not look for changed keys"
	hastyGrants    bug = "gives play grants by what it last knew"
	silentLosses   bug = "does not tell a TV that its sign-in is lost"
	oldAnswers     bug = "answers about play grants from memory"
)
