// Package nav is what a TV shows and what a remote control does to it. It is
// pure: no goroutine, clock, file or network; time arrives in events.
//
//	events ──▶ Step(Model, Event) ──▶ Model, []Effect
//	                                    │
//	                                    └─▶ View(): what every screen draws
//
// The state changes only in [Step], and what is shown is derived only in
// [Model.View]. Layers lie above each other, and keys go to the top one:
//
//	dialog (key sequence, "Sign out?")
//	menu
//	network check
//	pairing of a remote: pairRole ─▶ pairing
//	the screen of the phase:
//	  starting · welcome ⇄ code · email ⇄ password ─▶ accessCode · signedOut · deactivated · stolen · leaseEnded · update
//	  active:  gate ⇄ pin ─▶ home ⇄ title ⇄ (parental PIN) ─▶ player ─▶ next ─▶ player
//	             ▲     ⇅       ⇅ search ⇄ title; settings; edit profile
//	             │     forgot PIN
//	             ├── add profile: picture ⇄ name ⇄ level ⇄ PIN or password ─▶ adding
//	             └── a change of phase, standby, a profile gone or locked anew
//
// # What may play
//
// Every way to a title goes through one function, play, and that through the one
// decision of package parental; what it refuses is shown in no row, page or
// search. The parental PIN proves one title, or one series, until the player is
// left. A [Launch] from outside waits at the gate and proves nothing, and digits
// enter a PIN only from a source that is trusted. What a [World] says about an
// open or playing title counts in the step that brings it; the lease's end does
// by the model's own clock.
//
// # Who presses keys
//
// A key has a source. One that is not trusted (a guest's remote, the account page,
// a program on the home network) moves about and plays, but never reaches the key
// sequence, a sign-out, a PIN, or the remotes and their pairing. While the banner
// says who controls this TV from elsewhere, Back of a source that is trusted ends
// that, and does nothing else. What was ended or switched off is not heard from
// that step on.
//
// # Duties of the caller
//
// One goroutine keeps the Model, feeds it every event in order, carries out the
// effects in order, and shows View() after each Step. The latest WakeAt is the
// only timer. A PIN that is checked elsewhere is answered by [PINChecked]; until
// then keys stay answered. Models are values: keeping an old one is safe.
//
// # Tests
//
// testdata holds the stories of a household at its TV, each a text file of keys
// and the screens that must follow. A random walk and a fuzz target look for a
// key, World, launch or clock that opens a locked profile, plays or shows what a
// judge with code of its own refuses, panics, or leaves a screen with items but
// without a focus, or without a way out. "make fuzz" walks three million steps.
package nav
