package nav

// Service is a service that this TV can be signed in to: the box's maker or its
// shop says which there are.
type Service struct {
	ID   string // plain ASCII, at most 64 bytes
	Name string
}

// maxServices bounds those that are offered.
const maxServices = 20

// servicePrefix begins the id of every choice; the rest is the service's.
const servicePrefix = "service-"

// services are those that can be chosen.
func (m Model) services() []Service {
	out := make([]Service, 0, min(len(m.world.Services), maxServices))
	for _, s := range m.world.Services {
		if soundID(s.ID) && len(out) < maxServices {
			out = append(out, s)
		}
	}
	return out
}

// serviceItem opens the choice on the welcome screen; none where there is none.
func (m Model) serviceItem() (Item, bool) {
	list := m.services()
	it := Item{ID: "service", Label: text(msgServices)}
	for _, s := range list {
		if s.ID == m.world.Service {
			it.Detail = clean(s.Name, maxLabel)
		}
	}
	return it, len(list) > 1
}

func (m Model) serviceItems() []Item {
	list := m.services()
	items := make([]Item, 0, len(list)+1)
	for _, s := range list {
		items = append(items, Item{ID: servicePrefix + s.ID, Label: clean(s.Name, maxLabel), Choice: true, Chosen: s.ID == m.world.Service})
	}
	return append(items, Item{ID: "back", Label: text(msgBack)})
}

// chooseService goes back to the welcome screen, which names the service.
func (s *stepper) chooseService(id string) {
	for _, service := range s.services() {
		if servicePrefix+service.ID == id && service.ID != s.world.Service {
			s.world.Service = service.ID
			s.emit(ChooseService{ID: service.ID})
		}
	}
	s.sectionBack()
	s.focus = "signIn"
}
