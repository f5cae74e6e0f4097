// Package bus is the contract by which the nodes of one server tell each other
// "account A is at version N, its library at number M". Package membus serves
// one process; a network carries it between several.
//
// A nudge is a hint, never a truth: it may be lost, late, doubled or out of
// order, and it may come before or long after the change can be read. The truth is
// the database: whoever is nudged reads it there, and whoever is not still
// looks at it every few seconds. So a bus may drop what it cannot hold, and
// nothing may depend on a nudge but speed.
//
// Beside nudges a bus carries messages to one node: what is of use now or never,
// such as the keys of a remote on the account page. They may be lost too, and are
// not sent again; what arrives of one sender arrives in its order.
//
// Whatever implements [Bus] passes the suite in package bustest.
package bus

import "github.com/hearthkey/hearthkey/protocol"

// Nudge says that an account has reached a version, or its library a number.
// The two count apart from each other.
type Nudge struct {
	Account protocol.AccountID
	Version protocol.Version // 0: says nothing of it
	Library int64            // as [protocol.Library]'s; 0: says nothing of it
}

// Join returns what n and o, nudges of one account, say together: the higher of
// each number.
func (n Nudge) Join(o Nudge) Nudge {
	n.Version, n.Library = max(n.Version, o.Version), max(n.Library, o.Library)
	return n
}

// MaxMessage is the most bytes of a message: one relayed frame and who it is for,
// with all that JSON may make of it.
const MaxMessage = 32 << 10

// Bus carries nudges from everybody to everybody, the publisher's own
// subscriptions included. Its methods may be called from any goroutine.
type Bus interface {
	// Publish passes n on. It never waits: not for a subscriber, not for a
	// network. Of several nudges for one account that wait, one that is all of
	// them joined ([Nudge.Join]) may stand for all.
	Publish(n Nudge)

	// Subscribe has f called for nudges from now on, one at a time, in a
	// goroutine of the bus. A slow f only makes its own nudges late, and
	// beyond a bound lost. Once cancel has returned, f is not running and is
	// not called again. cancel may be called more than once, but not within f,
	// for which it waits.
	Subscribe(f func(Nudge)) (cancel func())

	// Send passes a message on to those who receive for a node. It never waits. A
	// message longer than [MaxMessage], or for a node at which nobody receives, is
	// lost, and so are those that a receiver has no room for. Nobody changes data
	// from then on.
	Send(node string, data []byte)
	// Receive has f called for what is sent to a node from now on, one message at a
	// time, in a goroutine of the bus, in the order in which each sender sent it. A
	// slow f makes messages late, and beyond a bound lost. cancel is as that of
	// Subscribe. A node is named by letters, digits and dashes.
	Receive(node string, f func(data []byte)) (cancel func())
	// Close cancels all subscriptions. Publish and Send do nothing from then on, and
	// Subscribe and Receive give a subscription that never hears anything. It may be
	// called more than once, but not within a subscription's function.
	Close() error
}
