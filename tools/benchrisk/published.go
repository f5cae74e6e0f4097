package main

// Figures of other people's data, which ours stand beside and cannot be
// compared with: another population, another service, other features.

const publishedSource = `Wiefling, Jørgensen, Thunem, Lo Iacono, "Pump Up Password Security!" (ACM TOPS
26(1), 2022, doi:10.1145/3546069), as reproduced by the authors in
github.com/das-group/rba-dataset, RESULTS.md, "RBA Behavior", first figure
(images/rq1-general.png at commit 7135779): median re-authentication count per
user after 12 and after 39 sign-ins, read off the figure.`

// published has the counts by attacker, true positive rate and history size.
var published = map[string]map[float64]map[int]int{
	"naive":    {0.99: {12: 2, 39: 1}, 0.995: {12: 3, 39: 2}, 0.999: {12: 7, 39: 6}},
	"VPN":      {0.99: {12: 3, 39: 2}, 0.995: {12: 4, 39: 3}, 0.999: {12: 7, 39: 8}},
	"targeted": {0.99: {12: 4, 39: 3}, 0.995: {12: 5, 39: 4}, 0.999: {12: 8, 39: 9}},
}

// notFound says what was looked for and is not quoted from memory.
const notFound = `Equal-error rates of these authors: not found in a source that could be read.
From the same group's README of das-group/rba-openstack, of their FC 2021 study
of 780 users: "very low re-authentication rates", "even when blocking more than
99.45% of targeted attackers"; the rates themselves: not found.`
