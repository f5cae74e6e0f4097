package nav

import (
	"errors"
	"fmt"

	"github.com/hearthkey/hearthkey/agent/keyseq"
)

// checkRemotes holds a step against what a source that is not trusted may do, and
// a window against what closes it.
func checkRemotes(before, after Model, ev Event, v View, effects []Effect) error {
	from, isPress := ev.(Press)
	trusted := isPress && from.Source.trusted()
	var errs []error
	for _, e := range effects {
		switch e := e.(type) {
		case OpenPairing, ForgetRemote, SetRemoteRole, AllowRelay, RefuseRelay, SetECP, BlockECP:
			if !trusted || from.Repeat {
				errs = append(errs, fmt.Errorf("%+v by %+v", e, ev))
			}
			if refuses(e) && from.Key != keyseq.Back || !refuses(e) && from.Key != keyseq.OK {
				errs = append(errs, fmt.Errorf("%+v by the key %v", e, from.Key))
			}
		case ClosePairing:
			if isPress && !trusted {
				errs = append(errs, fmt.Errorf("a pairing ended by %+v", ev))
			}
		}
	}
	opened := v.Screen != before.View().Screen && (v.Screen == ScreenRemotes || v.Screen == ScreenRemote || v.Screen == ScreenPairRole)
	if isPress && !trusted && opened {
		errs = append(errs, fmt.Errorf("screen %s opened by %+v", v.Screen, ev))
	}
	if before.pairing.stage > pairAsks && after.pairing.stage == noPairing && !has[ClosePairing](effects) {
		errs = append(errs, errors.New("a pairing ended without a word"))
	}
	if isPress && !before.heard(from.Source) && len(effects) > 0 && !onlyTime(effects) {
		errs = append(errs, fmt.Errorf("%+v was heard: %v", ev, effects))
	}
	return errors.Join(errs...)
}

// refuses reports whether an effect is that of the one key that ends a control.
func refuses(e Effect) bool { return e == Effect(RefuseRelay{}) || blocks(e) }

func blocks(e Effect) bool { _, ok := e.(BlockECP); return ok }

func has[E Effect](effects []Effect) bool {
	for _, e := range effects {
		if _, ok := e.(E); ok {
			return true
		}
	}
	return false
}

// onlyTime reports whether effects are what time alone may bring.
func onlyTime(effects []Effect) bool {
	for _, e := range effects {
		switch e.(type) {
		case WakeAt, StopTitle, ProgressTitle, SelectProfile, StartEnrol, ClosePairing, StartTitle:
		default:
			return false
		}
	}
	return true
}
