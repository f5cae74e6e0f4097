package main

import (
	"context"
	"fmt"
	"net/url"
	"slices"
)

// Pages that Lighthouse looks at, before and after signing in.
var (
	openPages  = []string{"/", "/signin", "/signup", "/recover", "/hacked", "/help"}
	ownerPages = []string{
		"/", "/account", "/account/membership", "/account/membership/password", "/account/profiles", "/account/profiles/new", "/account/security",
		"/account/devices", "/account/devices/everywhere", "/account/activity", "/account/timeline", "/account/data", "/tv",
	}
)

// lighthouseDevices is how many TVs the owner has that Lighthouse signs in as.
const lighthouseDevices = 8

// measureLighthouse has Lighthouse judge pages as on a middling phone on slow mobile
// data (its own settings), and gives the worst of each kind of score.
func measureLighthouse(ctx context.Context, s *shop) ([]Figure, error) {
	v, b, end, err := s.household(ctx, lighthouseDevices)
	if err != nil {
		return nil, err
	}
	defer end()
	at, err := url.Parse(v.URL)
	if err != nil {
		return nil, err
	}
	cookies := ""
	for _, c := range b.client.Jar.Cookies(at) {
		cookies += c.Name + "=" + c.Value + "; "
	}
	var got []pageScores
	err = browse(ctx, "lighthouse.mjs", map[string]any{
		"server": v.URL, "open": openPages[:min(s.rounds(60), len(openPages))], "owner": ownerPages[:min(s.rounds(130), len(ownerPages))], "cookies": cookies,
	}, &got)
	if err != nil {
		return nil, err
	}
	return worst(got)
}

// pageScores are what Lighthouse gave a page: 0 to 100, and times in ms.
type pageScores struct {
	Page                                  string
	Accessibility, Practices, Performance float64
	FirstPaint, LargestPaint              float64
}

func worst(all []pageScores) ([]Figure, error) {
	if len(all) == 0 {
		return nil, fmt.Errorf("no page was looked at")
	}
	of := func(score func(pageScores) float64) (values []float64) {
		for _, p := range all {
			values = append(values, score(p))
		}
		return values
	}
	least := func(score func(pageScores) float64) float64 { return slices.Min(of(score)) }
	most := func(score func(pageScores) float64) float64 { return slices.Max(of(score)) }
	return []Figure{
		{"lighthouse.pages", float64(len(all)), "", 0, Target{}},
		{"lighthouse.accessibility", least(func(p pageScores) float64 { return p.Accessibility }), "", 0, Target{atLeast, 95}},
		{"lighthouse.best_practices", least(func(p pageScores) float64 { return p.Practices }), "", 0, Target{atLeast, 95}},
		{"lighthouse.performance", least(func(p pageScores) float64 { return p.Performance }), "", 0, Target{atLeast, 95}},
		{"lighthouse.first_paint", most(func(p pageScores) float64 { return p.FirstPaint }), "ms", 0, Target{}},
		{"lighthouse.largest_paint", most(func(p pageScores) float64 { return p.LargestPaint }), "ms", 0, Target{}},
	}, nil
}
