package notify

import (
	"context"
	"crypto/tls"
	"net"
)

// Check connects to the mail server as for a mail: TLS, and user and password where
// they are set. It sends none. A *[TransportError] says what went wrong.
func (s *SMTP) Check(ctx context.Context) error {
	c, err := s.connect(ctx)
	if err != nil {
		return orEnded(ctx, setupError(err))
	}
	defer c.conn.Close()
	return c.client.Quit()
}

// Check connects to the gateway, and asks it nothing.
func (s *SMS) Check(ctx context.Context) error {
	host, port, err := net.SplitHostPort(s.Host)
	if err != nil {
		host, port = s.Host, "443"
	}
	address := net.JoinHostPort(host, port)
	if s.Plain {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		return conn.Close()
	}
	conn, err := (&tls.Dialer{Config: &tls.Config{MinVersion: tls.VersionTLS12}}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return conn.Close()
}
