package screentest_test

import (
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/screen/screentest"
)

// TestWhatIsWrongIsSaid: a view that is named after something that went wrong shows
// it, so that what is looked at in its picture is what a person reads.
func TestWhatIsWrongIsSaid(t *testing.T) {
	seen := 0
	for _, named := range screentest.Views() {
		for _, end := range []string{"-wrong", "-refused", "-problem"} {
			if !strings.HasSuffix(named.Name, end) {
				continue
			}
			seen++
			if !saysWhatIsWrong(named.View) {
				t.Errorf("%s: nothing says what is wrong", named.Name)
			}
		}
	}
	if seen < 7 {
		t.Errorf("%d views of what went wrong", seen)
	}
}

func saysWhatIsWrong(v nav.View) bool {
	return v.Code != nil && v.Code.Problem != "" || v.PIN != nil && v.PIN.Message != "" || v.Keyboard != nil && v.Keyboard.Message != ""
}
