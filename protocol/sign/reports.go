package sign

import (
	"crypto/ed25519"
	"fmt"

	"github.com/hearthkey/hearthkey/protocol"
)

// VerifyReports checks the signed reports of a stolen device by the root key in
// their file: the caller compares that with the server's own. Errors:
// [ErrUnknownKey], [ErrSignature], [ErrWrongType], [ErrMalformed].
func VerifyReports(f protocol.ReportsFile) (protocol.ReportsClaims, error) {
	var list protocol.KeysClaims
	var c protocol.ReportsClaims
	if len(f.Root) != ed25519.PublicKeySize {
		return c, fmt.Errorf("%w: not an Ed25519 root key", ErrUnknownKey)
	}
	if _, err := Verify(f.Keys, protocol.TypKeys, func(string) ed25519.PublicKey { return ed25519.PublicKey(f.Root) }, &list); err != nil {
		return c, fmt.Errorf("key list: %w", err)
	}
	_, err := Verify(f.JWS, protocol.TypReports, func(kid string) ed25519.PublicKey { return listed(list, kid) }, &c)
	switch {
	case err != nil:
		return c, err
	case c.Server != list.Server:
		return c, fmt.Errorf("%w: reports of %.64q, keys of %.64q", ErrMalformed, c.Server, list.Server)
	case c.Device != protocol.DeviceIDOf(ed25519.PublicKey(c.PublicKey)):
		return c, ErrNotThisDevice
	case c.Epoch < 1 || len(c.Reports) > protocol.MaxReports:
		return c, fmt.Errorf("%w: epoch %d, %d reports", ErrMalformed, c.Epoch, len(c.Reports))
	}
	return c, nil
}

// listed returns a key of a list: nil where it is not on it or no key.
func listed(list protocol.KeysClaims, kid string) ed25519.PublicKey {
	for _, k := range list.Keys {
		if k.ID == kid && len(k.Key) == ed25519.PublicKeySize {
			return ed25519.PublicKey(k.Key)
		}
	}
	return nil
}
