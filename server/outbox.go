package server

import (
	"cmp"
	"context"
	"io"
	"os"
	"strings"

	"github.com/hearthkey/hearthkey/server/notify"
)

// openOutbox opens what messages leave by.
func (p *parts) openOutbox(context.Context) (err error) {
	c := notify.Config{
		DB: p.db, Keys: p.keys, Log: p.cfg.Log, Now: p.cfg.Now,
		Wording: notify.Wording{Service: p.cfg.ServiceName, PublicURL: p.cfg.PublicURL},
	}
	if p.cfg.SMTPURL != "" {
		if p.smtp, err = notify.ParseSMTP(p.cfg.SMTPURL, p.cfg.ServiceName); err != nil {
			return operator(err, "--smtp-url cannot be used: %v.", err)
		}
		if err := p.signMails(); err != nil {
			return err
		}
		c.Mail = p.smtp
	} else if p.cfg.DKIMKey != "" {
		return operator(nil, "--dkim-key signs mails, but none leave: give --smtp-url too.")
	}
	if p.cfg.SMSURL != "" {
		sms, err := notify.ParseSMS(p.cfg.SMSURL)
		if err != nil {
			return operator(err, "--sms-url cannot be used: %v.", err)
		}
		c.SMS, c.SMSHourly = sms, sms.Hourly
	}
	if !p.cfg.Dev {
		p.waitFor(&c.Mail, "mails", "--smtp-url")
		p.waitFor(&c.SMS, "SMS", "--sms-url")
	}
	if p.outbox, err = notify.New(c); err != nil {
		return operator(err, "Messages cannot leave: %v.", err)
	}
	return nil
}

// waitFor lets messages wait where nothing is set that they could leave by, and
// says so.
func (p *parts) waitFor(t *notify.Transport, what, flag string) {
	if *t != nil {
		return
	}
	*t = notify.Missing{}
	p.cfg.Log.Warn("messages cannot leave: they wait in the outbox, and codes run out there", "messages", what, "set", flag)
}

// maxDKIMKey bounds what is read of the key's file, in bytes.
const maxDKIMKey = 64 << 10

// signMails reads the DKIM key, and tells the operator what to publish.
func (p *parts) signMails() error {
	if p.cfg.DKIMKey == "" {
		return nil
	}
	file, err := os.Open(p.cfg.DKIMKey)
	if err != nil {
		return operator(err, "--dkim-key cannot be read: %v.", err)
	}
	defer file.Close()
	key, err := io.ReadAll(io.LimitReader(file, maxDKIMKey))
	if err != nil {
		return operator(err, "--dkim-key cannot be read: %v.", err)
	}
	sender := p.smtp.From.Address
	_, domain, _ := strings.Cut(sender, "@")
	domain = cmp.Or(p.cfg.DKIMDomain, domain)
	signer, err := notify.ParseDKIM(key, cmp.Or(p.cfg.DKIMSelector, "hearthkey"), domain)
	if err != nil {
		return operator(err, "--dkim-key cannot be used: %v.", err)
	}
	if !signer.Covers(sender) {
		return operator(nil, "--dkim-domain %s does not answer for %s, the sender of mails: give the sender's domain or one above it.", domain, sender)
	}
	name, record, err := signer.Record()
	if err != nil {
		return operator(err, "--dkim-key cannot be used: %v.", err)
	}
	p.cfg.Log.Info("mails are signed: publish this TXT record", "name", name, "record", record)
	p.smtp.DKIM = signer
	return nil
}
