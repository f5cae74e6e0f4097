package web

import (
	"testing"

	"github.com/hearthkey/hearthkey/protocol"
)

// What only pages show sends no TV a new state, so none writes to its flash. What
// a TV shows does.
func TestPagesAloneSendNoTVAState(t *testing.T) {
	w := newWorld(t)
	p, other := w.browser(), w.browser()
	p.signUp()
	other.signIn()
	d, sess := p.approve("Den")
	list, err := w.site.c.Profiles.List(t.Context(), sess.Account)
	w.must(err)
	first, err := w.devices.State(t.Context(), w.clock.Now(), sess, nil, protocol.Have{Epoch: sess.Epoch})
	w.must(err)
	have := first.Have
	for _, step := range []struct {
		what string
		do   func()
		told bool
	}{
		{"a browser is signed out from another", func() {
			p.moved(p.post(webForm.FindStringSubmatch(p.page("/account/devices"))[1]), "/account/devices")
		}, false},
		{"a browser signs in", func() { other.signIn() }, false},
		{"it signs itself out", func() { other.moved(other.post("/signout"), "/signin") }, false},
		{"a TV is renamed", func() {
			p.moved(p.post("/account/devices/"+string(d.id())+"/rename", "name=Study"), "/account/devices")
		}, false},
		{"a profile is renamed", func() {
			p.moved(p.post("/account/profiles/"+string(list[0].ID), "name=Mara", "avatar=fox", "level=5", "language=en"), "/account/profiles")
		}, true},
	} {
		step.do()
		a, err := w.devices.State(t.Context(), w.clock.Now(), sess, nil, have)
		w.must(err)
		if told := len(a.Frames) > 0; told != step.told {
			t.Errorf("%s: %d frames to the TV, want any: %t", step.what, len(a.Frames), step.told)
		}
		have = a.Have
	}
}
