package audit

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"strconv"

	"github.com/hearthkey/hearthkey/server/store"
)

// form begins what is hashed, so that it is nothing else's hash.
const form = "hearthkey-audit.v1"

// hashOf is the hash of an entry: SHA-256 over the hash before it and all of its
// columns but hash and seal, each after its length, in base64url.
func hashOf(r store.AuditRow) string {
	h := sha256.New()
	for _, part := range []string{
		form, r.Prev, strconv.FormatInt(r.Seq, 10), r.ID, r.OutcomeOf, strconv.FormatInt(r.At.UnixMilli(), 10),
		r.Node, r.Actor, r.Act, r.About, r.Reason, r.Outcome,
	} {
		put(h, part)
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

func put(h hash.Hash, part string) {
	h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
	h.Write([]byte(part))
}
