package notify

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
)

// sealedMark begins a body that is sealed; what has none was stored before bodies
// were. No body of ours begins like this.
const sealedMark = "sealed.v1:"

// ErrBody: a stored body cannot be opened.
var ErrBody = errors.New("notify: a body cannot be opened")

// sealBodies seals the bodies of a message, which can hold codes and links, for as
// long as it is in the database.
func (o *Outbox) sealBodies(row *store.OutboxRow) (err error) {
	seal := func(body *string, which string) {
		if err != nil || *body == "" {
			return
		}
		var sealed []byte
		sealed, err = o.c.Keys.Seal(keyring.Mails, []byte(*body), row.ID, which)
		*body = sealedMark + base64.RawStdEncoding.EncodeToString(sealed)
	}
	seal(&row.Text, "text_body")
	seal(&row.HTML, "html_body")
	return err
}

// openBodies undoes sealBodies.
func (o *Outbox) openBodies(row *store.OutboxRow) error {
	var err1, err2 error
	row.Text, err1 = openBody(o.c.Keys.Unseal, row.Text, row.ID, "text_body")
	row.HTML, err2 = openBody(o.c.Keys.Unseal, row.HTML, row.ID, "html_body")
	return errors.Join(err1, err2)
}

func openBody(open func(keyring.Purpose, []byte, ...string) ([]byte, error), body, id, which string) (string, error) {
	text, ok := strings.CutPrefix(body, sealedMark)
	if !ok {
		return body, nil
	}
	sealed, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return "", fmt.Errorf("%w: message %s", ErrBody, id)
	}
	plain, err := open(keyring.Mails, sealed, id, which)
	if err != nil {
		return "", fmt.Errorf("%w: message %s: %w", ErrBody, id, err)
	}
	return string(plain), nil
}

// Reseal seals a stored body anew, for another data key; which is its column. One that
// was stored before bodies were sealed is sealed.
func Reseal(r *keyring.Replacement, id, which string, body []byte) ([]byte, error) {
	plain, err := openBody(r.Unseal, string(body), id, which)
	if err != nil {
		return nil, err
	}
	sealed, err := r.Seal(keyring.Mails, []byte(plain), id, which)
	return []byte(sealedMark + base64.RawStdEncoding.EncodeToString(sealed)), err
}
