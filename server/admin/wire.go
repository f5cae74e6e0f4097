package admin

import (
	"time"

	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/operator"
)

// Operator is somebody who runs the service.
type Operator struct {
	Name      string        `json:"name"`
	Role      operator.Role `json:"role"`
	CreatedBy string        `json:"created_by,omitempty"` // absent: with the data folder
	Created   time.Time     `json:"created"`
	Disabled  time.Time     `json:"disabled,omitzero"`
	LastUsed  time.Time     `json:"last_used,omitzero"`
}

// Added is a new operator's token, which is given once.
type Added struct {
	Token string `json:"token"`
}

// Account is what was found.
type Account struct {
	ID           string    `json:"account"`
	Email        string    `json:"email"`
	Phone        string    `json:"phone,omitempty"` // but for the last four digits masked
	Language     string    `json:"language"`
	Created      time.Time `json:"created"`
	SecondFactor bool      `json:"second_factor"`
	Reset        time.Time `json:"second_factor_removed,omitzero"` // when support does it
	Moved        time.Time `json:"other_address,omitzero"`         // when support gives it another address
	Erased       time.Time `json:"erased,omitzero"`                // when it is to be
	Locked       time.Time `json:"locked,omitzero"`                // since when support keeps everybody out
	Devices      []Device  `json:"devices"`
}

// Device is one of its devices.
type Device struct {
	ID       string    `json:"device"`
	Name     string    `json:"name"`
	Model    string    `json:"model"`
	Status   string    `json:"status"` // what it should be
	Online   bool      `json:"online"`
	LastSeen time.Time `json:"last_seen,omitzero"`
}

// Imported is what became of a batch.
type Imported struct {
	Added int    `json:"added"`
	Left  []Left `json:"left"`
}

// Left is a line that was left out.
type Left struct {
	Line  int    `json:"line"` // of the batch, from 0
	Error string `json:"error"`
}

// Reset is a removal of a second factor, or another address, that has begun.
type Reset struct {
	Due time.Time `json:"due"`
}

// Entry is one act in the operators' log.
type Entry struct {
	ID       string    `json:"id"`
	At       time.Time `json:"at"`
	Operator string    `json:"operator,omitempty"` // absent: with the data folder
	Act      string    `json:"act"`
	About    string    `json:"about,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	Outcome  string    `json:"outcome,omitempty"` // absent: under way, or cut off
}

// Message is one that did not leave, without what it says.
type Message struct {
	ID       string    `json:"id"`
	Account  string    `json:"account,omitempty"` // whom it is about; absent: nobody
	Channel  string    `json:"channel"`           // mail, sms
	To       string    `json:"to"`                // shortened
	Kind     string    `json:"kind"`
	Created  time.Time `json:"created"`
	Attempts int       `json:"attempts"`
	Next     time.Time `json:"next,omitzero"`      // absent: it is not tried any more
	SetAside time.Time `json:"set_aside,omitzero"` // absent: it waits
	Reason   string    `json:"reason,omitempty"`   // a code; absent: it was not tried yet
}

// States of messages to list.
const (
	StateSetAside = "set-aside"
	StateWaiting  = "waiting"
)

// The bodies of requests.
type (
	findBody struct {
		What string `json:"what"`
	}
	resetBody struct {
		Who    string `json:"who"`
		Reason string `json:"reason"`
	}
	contactBody struct {
		Who    string `json:"who"`
		Reason string `json:"reason"`
		Email  string `json:"email"` // the address to be
	}
	importBody struct {
		Reason string   `json:"reason"`
		Lines  []string `json:"lines"`
	}
	addBody struct {
		Name   string        `json:"name"`
		Role   operator.Role `json:"role"`
		Reason string        `json:"reason"`
	}
	disableBody struct {
		Name   string `json:"name"`
		Reason string `json:"reason"`
	}
	operatorsAnswer struct {
		Operators []Operator `json:"operators"`
	}
	outboxAnswer struct {
		Messages []Message `json:"messages"`
	}
	logAnswer struct {
		Entries []Entry `json:"entries"`
	}
)

func operatorOf(o operator.Operator) Operator {
	return Operator{o.Name, o.Role, o.CreatedBy, o.Created, o.Disabled, o.LastUsed}
}

func accountOf(f operator.Found) Account {
	a := Account{
		string(f.Account), f.Email, f.Phone, f.Language, f.Created, f.SecondFactor, f.Reset, f.Moved, f.Erased, f.Locked, make([]Device, 0, len(f.Devices)),
	}
	for _, d := range f.Devices {
		a.Devices = append(a.Devices, deviceOf(d))
	}
	return a
}

func deviceOf(d device.Row) Device {
	return Device{string(d.ID), d.Name, d.Model, string(d.Wish.Status), d.Online, d.LastSeen}
}
