package protocol

// TypReports is the typ header of signed reports, as those of the other kinds.
const TypReports = "hearthkey-stolen-reports+jwt"

// ReportsClaims is what the server knows of where a stolen device was, signed by
// it. It is the server's word: an address is where a connection came from, and a
// place is guessed from the address.
type ReportsClaims struct {
	Server    string    `json:"server"` // the server's name
	Device    DeviceID  `json:"device"`
	PublicKey Bytes     `json:"public_key"` // of the device, Ed25519
	Account   AccountID `json:"account"`
	Epoch     Epoch     `json:"epoch"`
	Name      string    `json:"name"`
	Model     string    `json:"model,omitempty"`
	Stolen    Millis    `json:"stolen"`              // when its owner reported it
	Confirmed Millis    `json:"confirmed,omitempty"` // when its receipt arrived; absent: not yet
	Issued    Millis    `json:"issued"`
	Reports   []Report  `json:"reports"` // at most [MaxReports], the newest first
}

// MaxReports is how many reports a stolen device has at most (product rule D4): the
// first ones, FirstReports of them, which nothing that comes later pushes out, and the
// newest.
const (
	MaxReports   = 100
	FirstReports = 20
)

// Report is a stay of a stolen device at one address.
type Report struct {
	How   ReportKind `json:"how"`
	From  Millis     `json:"from"`
	Until Millis     `json:"until,omitempty"` // absent: not known to have ended
	Times int        `json:"times"`           // how often it came there
	IP    string     `json:"ip,omitempty"`
	Place string     `json:"place,omitempty"` // approximate
}

// ReportKind says what made a report. Values are stored and signed: they are
// append-only.
type ReportKind string

// The kinds of reports.
const (
	ReportLastContact   ReportKind = "last_contact"    // before it was reported stolen
	ReportConnection    ReportKind = "connection"      // it connected, by its key
	ReportSignInRefused ReportKind = "sign_in_refused" // somebody tried to sign it in
)

// ReportsFile is signed reports with all that is needed to check them: what the
// account page offers for download and "hearthkey verify-reports" reads.
type ReportsFile struct {
	JWS  string `json:"jws"`  // of [ReportsClaims], by a key of the list
	Keys string `json:"keys"` // of [KeysClaims], by the root key
	Root Bytes  `json:"root"` // the server's root key, Ed25519: to be compared with the one it shows
}
