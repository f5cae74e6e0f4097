package server

import "testing"

func TestD12_AdvertiseIsChecked(t *testing.T) {
	for _, tt := range []struct {
		name string
		cfg  Config
		ok   bool
	}{
		{"off", Config{}, true},
		{"with a key", Config{Advertise: true, TLSCert: "c", TLSKey: "k", Listen: ":8700"}, true},
		{"without", Config{Advertise: true, Listen: ":8700"}, false},
		{"on loopback", Config{Advertise: true, TLSCert: "c", TLSKey: "k", Listen: "127.0.0.1:8700"}, false},
		{"on loopback by name", Config{Advertise: true, TLSCert: "c", TLSKey: "k", Listen: "localhost:8700"}, false},
	} {
		s := settings{Config: tt.cfg}
		if err := s.checkAdvertise(); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
