// Command codecs encodes random messages of Badger's and decodes damaged ones, and
// prints what came of each: once linked with protobuf's runtime and once with the
// stand-in for it, the two must print the same.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"

	"github.com/dgraph-io/badger/v4/pb"
	"google.golang.org/protobuf/proto"
)

func main() {
	rounds, _ := strconv.Atoi(os.Args[1])
	seed, _ := strconv.ParseUint(os.Args[2], 10, 64)
	dice := rand.New(rand.NewPCG(seed, 7))
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for range rounds {
		m, empty := message(dice)
		b, err := proto.Marshal(m)
		if err != nil { // text that is no UTF-8; what is returned beside an error is nobody's
			fmt.Fprintln(out, "refused to write")
			continue
		}
		fmt.Fprintf(out, "%x %d\n", b, proto.Size(m))
		tell(out, b, empty)
		tell(out, damage(dice, b), empty)
		tell(out, noise(dice), empty)
	}
}

// tell prints what a message decodes to.
func tell(out *bufio.Writer, b []byte, m proto.Message) {
	if err := proto.Unmarshal(b, m); err != nil {
		fmt.Fprintf(out, "%x refused\n", b)
		return
	}
	fields, err := json.Marshal(m)
	fmt.Fprintf(out, "%x %s %v\n", b, fields, err)
}

// message returns one with random fields, and an empty one of its kind.
func message(d *rand.Rand) (full, empty proto.Message) {
	switch d.IntN(6) {
	case 0:
		return &pb.Checksum{Algo: pb.Checksum_Algorithm(int32(number(d))), Sum: number(d)}, &pb.Checksum{}
	case 1:
		return &pb.DataKey{KeyId: number(d), Data: data(d), Iv: data(d), CreatedAt: int64(number(d))}, &pb.DataKey{}
	case 2:
		return &pb.Match{Prefix: data(d), IgnoreBytes: string(data(d))}, &pb.Match{}
	case 3:
		return keyValue(d), &pb.KV{}
	case 4:
		l := &pb.KVList{AllocRef: number(d)}
		for range d.IntN(4) {
			l.Kv = append(l.Kv, keyValue(d))
		}
		return l, &pb.KVList{}
	}
	s := &pb.ManifestChangeSet{}
	for range d.IntN(5) {
		s.Changes = append(s.Changes, &pb.ManifestChange{
			Id: number(d), Op: pb.ManifestChange_Operation(int32(number(d))), Level: uint32(number(d)), KeyId: number(d),
			EncryptionAlgo: pb.EncryptionAlgo(int32(number(d))), Compression: uint32(number(d)),
		})
	}
	return s, &pb.ManifestChangeSet{}
}

func keyValue(d *rand.Rand) *pb.KV {
	return &pb.KV{
		Key: data(d), Value: data(d), UserMeta: data(d), Version: number(d), ExpiresAt: number(d), Meta: data(d),
		StreamId: uint32(number(d)), StreamDone: d.IntN(2) == 0,
	}
}

func number(d *rand.Rand) uint64 { return d.Uint64() >> d.IntN(65) }

func data(d *rand.Rand) []byte {
	b := make([]byte, d.IntN(20))
	for i := range b {
		b[i] = byte(d.UintN(256 >> d.IntN(2)))
	}
	return b
}

// damage changes, cuts or repeats a few bytes.
func damage(d *rand.Rand, b []byte) []byte {
	b = append([]byte(nil), b...)
	for range 1 + d.IntN(3) {
		if len(b) == 0 {
			return noise(d)
		}
		at := d.IntN(len(b))
		switch d.IntN(3) {
		case 0:
			b[at] = byte(d.UintN(256))
		case 1:
			b = b[:at]
		case 2:
			b = append(b, b[at:]...)
		}
	}
	return b
}

// noise is made of what looks like fields of all wire types.
func noise(d *rand.Rand) []byte {
	var b []byte
	for range d.IntN(6) {
		b = append(b, byte(d.UintN(8)|d.UintN(16)<<3))
		b = append(b, data(d)...)
	}
	return b
}
