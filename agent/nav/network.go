package nav

import "github.com/hearthkey/hearthkey/agent/keyseq"

// network is the check of the network, which lies above any screen.
type network struct {
	open  bool
	done  bool
	steps []NetworkStep
}

func (s *stepper) openNetwork() {
	s.network = network{open: true}
	s.emit(CheckNetwork{})
}

// closeNetwork returns to the screen below.
func (s *stepper) closeNetwork() {
	s.network = network{}
	if s.screen() == ScreenSettings {
		s.focusOn, s.focus = ScreenSettings, "checkNetwork"
	}
}

func (s *stepper) networkReport(ev NetworkReport) {
	if !s.network.open || s.network.done {
		return
	}
	s.network.steps, s.network.done = ev.Steps[:min(len(ev.Steps), maxSteps)], ev.Done
}

func (s *stepper) networkKey(k keyseq.Key) {
	switch k {
	case keyseq.Up, keyseq.Down:
		s.moveFocus(k, vertical)
	case keyseq.Back:
		s.closeNetwork()
	case keyseq.OK:
		if s.focused() == "again" {
			s.openNetwork()
		} else {
			s.closeNetwork()
		}
	}
}

// networkSentences says what each check found: good, bad.
var networkSentences = map[NetworkCheck][2]message{
	CheckAddress: {msgAddressGood, msgAddressBad},
	CheckName:    {msgNameGood, msgNameBad},
	CheckReach:   {msgReachGood, msgReachBad},
	CheckSecure:  {msgSecureGood, msgSecureBad},
	CheckAnswer:  {msgAnswerGood, msgAnswerBad},
}

func (m Model) networkItems() []Item {
	items := make([]Item, 0, maxSteps+2)
	for i, step := range m.network.steps {
		label := msgNetworkUnknown
		if pair, ok := networkSentences[step.What]; ok && step.OK {
			label = pair[0]
		} else if ok {
			label = pair[1]
		}
		badge := "✓"
		if !step.OK {
			badge = "!"
		}
		items = append(items, Item{
			ID: "step-" + itoa(i), Label: text(label), Detail: clean(step.Detail, maxDetail), Badge: badge, Info: true,
		})
	}
	items = append(items, Item{ID: "done", Label: text(msgDone)})
	if m.network.done {
		items = append(items, Item{ID: "again", Label: text(msgAgain)})
	}
	return items
}

func (m Model) viewNetwork(v *View) {
	v.Title = text(msgNetworkChecking)
	if !m.network.done {
		return
	}
	v.Title = text(msgNetworkGood)
	for _, step := range m.network.steps {
		if !step.OK {
			v.Title, v.Text = text(msgNetworkBad), []string{text(msgNetworkBadText)}
		}
	}
}
