package risk

// Code names a kind of reason. Values are stored: they are append-only.
type Code string

// The kinds of reasons.
const (
	NoHistory        Code = "no_history"        // nothing to compare with
	Frequency        Code = "frequency"         // how often the account signs in
	KnownNetwork     Code = "known_network"     //
	NewNetwork       Code = "new_network"       // of a provider that is known, or nothing but the network is
	NewProvider      Code = "new_provider"      // in a country that is known
	NewCountry       Code = "new_country"       //
	KnownClient      Code = "known_client"      // browser, system and device together
	NewClient        Code = "new_client"        // on a kind of device that is known
	NewDeviceType    Code = "new_device_type"   //
	UsualHour        Code = "usual_hour"        //
	UnusualHour      Code = "unusual_hour"      //
	ImpossibleTravel Code = "impossible_travel" //
	AccountFailures  Code = "account_failures"  //
	AddressFailures  Code = "address_failures"  //
	NetworkFailures  Code = "network_failures"  //
	LoneSignal       Code = "lone_signal"       // why the level is not the strictest
)

// Reason is a part of a score: what it is, what it weighs, and about what.
type Reason struct {
	Code   Code    `json:"code"`
	Points float64 `json:"points"` // positive: for somebody else; negative: for the owner
	Params Params  `json:"params"`
}

// Accuses reports whether the reason speaks for somebody else by its own words:
// what is merely less usual than the rest of what is known does not.
func (r Reason) Accuses() bool {
	switch r.Code {
	case NoHistory, Frequency, KnownNetwork, KnownClient, UsualHour, LoneSignal:
		return false
	}
	return r.Points > 0
}

// Params are what a reason is about. Which of them a code has stands in the
// table of sentences.
type Params struct {
	Network  string `json:"network,omitempty"`
	Provider uint32 `json:"provider,omitempty"` // autonomous system number
	Country  string `json:"country,omitempty"`  // of this sign-in
	From     string `json:"from,omitempty"`     // country of the other sign-in
	Browser  string `json:"browser,omitempty"`
	System   string `json:"system,omitempty"`
	Device   string `json:"device,omitempty"`
	Hour     int    `json:"hour,omitempty"`  // of the day in UTC
	Count    int    `json:"count,omitempty"` //
	Km       int    `json:"km,omitempty"`    // at least
	Minutes  int    `json:"minutes,omitempty"`
}

// source is what a signal was observed on. Two of one source are not
// independent.
type source int

const (
	sourceNone source = iota
	sourceAddress
	sourceClient
	sourceTime
	sourceTries
)

func (c Code) source() source {
	switch c {
	case KnownNetwork, NewNetwork, NewProvider, NewCountry, ImpossibleTravel:
		return sourceAddress
	case KnownClient, NewClient, NewDeviceType:
		return sourceClient
	case UsualHour, UnusualHour:
		return sourceTime
	case AccountFailures, AddressFailures, NetworkFailures:
		return sourceTries
	}
	return sourceNone
}
