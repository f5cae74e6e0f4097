// Package risk scores a sign-in with the right password: does it look like the
// account's own people, or like anybody who has their password? It answers with
// a score, a level, and every reason that made the score.
//
// The model is that of Freeman, Jain, Dürmuth, Biggio and Giacinto, "Who Are
// You? A Statistical Approach to Measuring User Authenticity" (NDSS 2016): for
// each feature x the likelihood ratio p(x) / p(x | user), times p(user |
// attack) / p(user), with p(x | user) smoothed by linear interpolation along
// hierarchies (network, provider, country; client, browser, system, kind of
// device). Rules add what ratios cannot see: impossible travel and bursts of
// failures. docs/risk.md has the arithmetic and what it was measured at.
//
// [Assess] is a function of its inputs, safe for concurrent use. It never
// refuses anybody: a level says what else to ask for, and the strictest one
// takes two independent signals. The caller collects the inputs: the account's
// own past sign-ins without those that turned out to be somebody else's, and
// how common this attempt's own values are over all accounts.
//
// Tests are tables for each rule, properties over random histories (more
// evidence never lowers a score, points add up to the score, unknown data is no
// evidence) and a fuzz target; `make bench-risk` measures it on a generated
// population.
package risk
