// Command benchrisk measures package risk on a generated, seeded population of
// honest and attacking sign-ins: the equal-error rate, and how often honest
// accounts are asked for more where a given share of the attacks is. It prints
// the figures that Wiefling et al. published for attackers of the same names
// beside them. The population is invented (world.go, people.go): the figures
// show that the model tells its attackers apart and how thresholds trade, not
// what a real service will see.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/server/risk"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("benchrisk", flag.ContinueOnError)
	fs.SetOutput(stderr)
	seed := fs.Uint64("seed", 1, "the population")
	accounts := fs.Int("accounts", 3000, "honest accounts, 100 to 100000")
	if err := fs.Parse(args); err != nil {
		return 2
	}
	if *accounts < 100 || *accounts > 100_000 || fs.NArg() > 0 {
		fmt.Fprintln(stderr, "benchrisk: -accounts must be 100 to 100000, and there are no arguments")
		return 2
	}
	begin := time.Now()
	r := play(*seed, *accounts)
	report(stdout, r)
	fmt.Fprintf(stdout, "\nseed %d, %d accounts, %d sign-ins each, %.1f s\n", *seed, *accounts, logins, time.Since(begin).Seconds())
	return 0
}

func report(w io.Writer, r result) {
	all := slices.Concat(r.honest...)
	fmt.Fprintf(w, "Generated population: %d honest sign-ins after each account's first.\n", len(all))
	fmt.Fprintf(w, "\n%-10s %10s\n", "attacker", "equal-error rate")
	for _, a := range attackers() {
		fmt.Fprintf(w, "%-10s %9.2f %%   (knows %s)\n", a.name, 100*equalError(all, r.attack[a.name]), a.knows)
	}
	fmt.Fprintf(w, "\nHonest accounts at a threshold that asks a share (TPR) of the attacks; the first sign-in counts as asked:\n"+
		"%-10s %6s %9s %10s | %-23s | %s\n", "", "", "", "asked of", "median count of first n", "published (other data)")
	fmt.Fprintf(w, "%-10s %6s %9s %10s | %11s %11s | %6s %6s\n", "attacker", "TPR", "threshold", "sign-ins", "n=12", "n=39", "n=12", "n=39")
	for _, a := range attackers() {
		for _, tpr := range []float64{0.97, 0.98, 0.99, 0.995, 0.999} {
			t := threshold(r.attack[a.name], tpr)
			fmt.Fprintf(w, "%-10s %6.3f %9.2f %8.2f %% | %11d %11d | %6s %6s\n", a.name, tpr, t, 100*asked(all, t),
				medianAsked(r.honest, 12, t), medianAsked(r.honest, logins, t), beside(a.name, tpr, 12), beside(a.name, tpr, logins))
		}
	}
	fmt.Fprintf(w, "\nAt the default thresholds (at least this level):\n%-10s %8s %8s %8s\n", "", "notice", "code", "strong")
	levels(w, "honest", r.asked)
	for _, a := range attackers() {
		levels(w, a.name, r.caught[a.name])
	}
	fmt.Fprintf(w, "\nPublished, other data: %s\n\n%s\n", publishedSource, notFound)
}

func levels(w io.Writer, name string, n [4]int) {
	total := n[0] + n[1] + n[2] + n[3]
	fmt.Fprintf(w, "%-10s", name)
	for l := risk.LevelNotice; l <= risk.LevelStrong; l++ {
		sum := 0
		for _, c := range n[l:] {
			sum += c
		}
		fmt.Fprintf(w, " %6.2f %%", 100*float64(sum)/float64(total))
	}
	fmt.Fprintln(w)
}

func beside(name string, tpr float64, n int) string {
	if c, ok := published[name][tpr][n]; ok {
		return fmt.Sprint(c)
	}
	return "–"
}
