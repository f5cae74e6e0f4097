package agent

import (
	"github.com/hearthkey/hearthkey/agent/licences"
	"github.com/hearthkey/hearthkey/agent/nav"
)

// readLicences reads what this program is made of, for as long as somebody looks
// at it.
func (c *core) readLicences() {
	c.work.Go(func() {
		all := licences.All()
		list := make([]nav.Licence, len(all))
		for i, l := range all {
			list[i] = nav.Licence{Name: l.Name, Kind: l.Kind, Text: l.Text}
		}
		c.post(func() { c.navStep(nav.Licences{List: list}) })
	})
}
