package geo

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/oschwald/maxminddb-golang/v2"
)

func write(t *testing.T, path string, data []byte, modified time.Time) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, modified, modified); err != nil {
		t.Fatal(err)
	}
}

var day = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func open(t *testing.T, databases ...[]byte) *DB {
	t.Helper()
	var paths []string
	for i, data := range databases {
		p := filepath.Join(t.TempDir(), string(rune('a'+i))+".mmdb")
		write(t, p, data, day)
		paths = append(paths, p)
	}
	db, err := Open(paths...)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func flat(code string) map[string]any { return map[string]any{"country_code": code} }

func TestLookup(t *testing.T) {
	city := map[string]any{
		"country":  map[string]any{"iso_code": "DE"},
		"city":     map[string]any{"names": map[string]any{"en": "Bonn", "de": "Bonn"}},
		"location": map[string]any{"latitude": 50.73, "longitude": 7.1},
	}
	asn := map[string]any{"autonomous_system_number": uint32(64500), "autonomous_system_organization": "Example Net"}
	flatCity := map[string]any{"country_code": "NO", "city": "Oslo", "latitude": 59.9, "longitude": 10.7}
	odd := map[string]any{"country_code": "no country", "city": "\x1b[2J", "latitude": 91.0, "longitude": 7.0}
	db := open(t,
		database(t, entry{"198.18.0.0/15", city}, entry{"198.51.100.0/24", flat("FR")}, entry{"2001:4860::/32", flatCity},
			entry{"203.0.113.0/24", odd}, entry{"10.0.0.0/8", flat("US")}, entry{"100.64.0.0/10", flat("US")}),
		database(t, entry{"198.18.0.0/16", asn}, entry{"198.51.100.0/24", flat("BE")}),
	)
	for _, c := range []struct {
		addr string
		want Place
		text string
	}{
		{"198.18.0.1", Place{Country: "DE", Name: "Germany", City: "Bonn", Lat: 50.73, Lon: 7.1, Located: true, Provider: 64500, Operator: "Example Net"}, "Bonn, Germany"},
		{"198.19.0.1", Place{Country: "DE", Name: "Germany", City: "Bonn", Lat: 50.73, Lon: 7.1, Located: true}, "Bonn, Germany"},
		{"::ffff:198.51.100.7", Place{Country: "FR", Name: "France"}, "France"},
		{"2001:4860::1%eth0", Place{Country: "NO", Name: "Norway", City: "Oslo", Lat: 59.9, Lon: 10.7, Located: true}, "Oslo, Norway"},
		{"203.0.113.1", Place{}, ""},
		{"8.8.8.8", Place{}, ""},
		{"10.1.2.3", Place{}, ""},
		{"100.64.0.1", Place{}, ""},
		{"127.0.0.1", Place{}, ""},
		{"::1", Place{}, ""},
		{"fe80::1", Place{}, ""},
		{"fd00::1", Place{}, ""},
		{"0.0.0.0", Place{}, ""},
		{"255.255.255.255", Place{}, ""},
	} {
		got := db.Lookup(netip.MustParseAddr(c.addr))
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("Lookup(%s): -want +got\n%s", c.addr, d)
		}
		if got.String() != c.text {
			t.Errorf("Lookup(%s).String() = %q, want %q", c.addr, got, c.text)
		}
	}
	if got := db.Lookup(netip.Addr{}); got != (Place{}) {
		t.Errorf("Lookup of no address = %v, want no place", got)
	}
}

func TestWithoutDatabase(t *testing.T) {
	db, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	if got := db.Lookup(netip.MustParseAddr("198.18.0.1")); got != (Place{}) {
		t.Errorf("Lookup = %v, want no place", got)
	}
	if changed, err := db.Refresh(day); changed || err != nil {
		t.Errorf("Refresh = %v, %v, want false, nil", changed, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	whole := database(t, entry{"198.18.0.0/15", flat("DE")})
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"missing": {nil, fs.ErrNotExist}, "empty": {[]byte{}, ErrDatabase}, "text": {[]byte("not a database"), ErrDatabase},
		"cut": {whole[:len(whole)/2], ErrDatabase},
	} {
		p := filepath.Join(dir, name)
		if c.data != nil {
			write(t, p, c.data, day)
		}
		if _, err := Open(p); !errors.Is(err, c.want) {
			t.Errorf("Open of a %s file: %v, want %v", name, err, c.want)
		}
	}
	if _, err := Open(dir); !errors.Is(err, ErrDatabase) {
		t.Errorf("Open of a folder: %v, want %v", err, ErrDatabase)
	}
}

func TestRefresh(t *testing.T) {
	p := filepath.Join(t.TempDir(), "country.mmdb")
	addr := netip.MustParseAddr("198.18.0.1")
	old, renewed := database(t, entry{"198.18.0.0/15", flat("DE")}), database(t, entry{"198.18.0.0/15", flat("AT")})
	write(t, p, old, day)
	db, err := Open(p)
	if err != nil {
		t.Fatal(err)
	}
	step := func(now time.Time, wantChanged bool, wantErr error, want string) {
		t.Helper()
		changed, err := db.Refresh(now)
		if changed != wantChanged || !errors.Is(err, wantErr) || (wantErr == nil && err != nil) {
			t.Errorf("Refresh = %v, %v, want %v, %v", changed, err, wantChanged, wantErr)
		}
		if got := db.Lookup(addr).Country; got != want {
			t.Errorf("country = %q, want %q", got, want)
		}
	}
	step(day, false, nil, "DE")
	write(t, p, renewed, day.Add(time.Second))
	step(day.Add(59*time.Second), false, nil, "DE") // it looks once a minute
	step(day.Add(60*time.Second), true, nil, "AT")
	step(day.Add(2*time.Minute), false, nil, "AT")
	write(t, p, []byte("half a file"), day.Add(time.Hour))
	step(day.Add(3*time.Minute), false, ErrDatabase, "AT") // the old one stays
	if err := os.Remove(p); err != nil {
		t.Fatal(err)
	}
	step(day.Add(4*time.Minute), false, fs.ErrNotExist, "AT")
	write(t, p, old, day.Add(2*time.Hour))
	step(day.Add(5*time.Minute), true, nil, "DE")
	write(t, p, renewed, day.Add(3*time.Hour))
	step(day, true, nil, "AT") // the clock was turned back
}

// TestRefreshWhileReading is for the race detector.
func TestRefreshWhileReading(t *testing.T) {
	p := filepath.Join(t.TempDir(), "country.mmdb")
	addr := netip.MustParseAddr("198.18.0.1")
	write(t, p, database(t, entry{"198.18.0.0/15", flat("DE")}), day)
	db, err := Open(p)
	if err != nil {
		t.Fatal(err)
	}
	var readers sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if got := db.Lookup(addr).Country; got != "DE" && got != "AT" {
					t.Errorf("country = %q", got)
					return
				}
			}
		})
	}
	for i := range 50 {
		code := []string{"AT", "DE"}[i%2]
		now := day.Add(time.Duration(i+1) * time.Hour)
		write(t, p, database(t, entry{"198.18.0.0/15", flat(code)}), now)
		if changed, err := db.Refresh(now); !changed || err != nil {
			t.Errorf("Refresh = %v, %v, want true, nil", changed, err)
		}
	}
	close(stop)
	readers.Wait()
}

// TestRealDatabase reads the database that tools/geo/fetch.sh fetches.
func TestRealDatabase(t *testing.T) {
	const path = "../../bin/geo/country.mmdb"
	db, err := Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Fatal("not fetched: run make needs, or tools/geo/fetch.sh")
	}
	if err != nil {
		t.Fatal(err)
	}
	for addr, want := range map[string]string{
		"193.0.6.139":     "NL", // RIPE NCC
		"202.12.29.205":   "AU", // APNIC
		"2001:67c:2e8::1": "NL", // RIPE NCC
		"192.168.1.1":     "",
	} {
		if got := db.Lookup(netip.MustParseAddr(addr)).Country; got != want {
			t.Errorf("country of %s = %q, want %q", addr, got, want)
		}
	}
}

func FuzzLookup(f *testing.F) {
	f.Add(database(f, entry{"198.18.0.0/15", flat("DE")}), []byte{198, 18, 0, 1})
	f.Fuzz(func(t *testing.T, data, ip []byte) {
		r, err := maxminddb.OpenBytes(data)
		if err != nil {
			return
		}
		one := &file{}
		one.reader.Store(r)
		addr, _ := netip.AddrFromSlice(ip)
		if got := (&DB{files: []*file{one}}).Lookup(addr); got.Country != "" && !isCode(got.Country) {
			t.Errorf("country %q", got.Country)
		}
	})
}
