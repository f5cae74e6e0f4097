package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// ExportTable is what an account's owner gets of one table.
type ExportTable struct {
	Name    string // in the document
	table   string
	columns string // with spaces between; a time is marked :t, a flag :f
	order   string
	without string // columns left out: account_id always, secrets, and what is only ours
}

// exported lists all tables with an account's rows. A test compares it with the
// schema: a new column is either exported or left out knowingly.
var exported = []ExportTable{
	{"account", "accounts", "account_id email language created:t updated:t version generation ended_by ended_at:t ended_where second_factor:f",
		"account_id", "password pins_version tries library"},
	{"phone", "phones", "number proved:t notices:f", "number", ""},
	{"preferences", "preferences", "new_code:f sign_in_mails:f devices_due:t password_due:t", "account_id", ""},
	{"webSessions", "web_sessions", "session_id created:t last_seen:t proved:t agent ip place factors", "session_id", "token_hash previous_hash generation device"},
	{"knownBrowsers", "known_devices", "agent created:t last_used:t", "device", "device"},
	{"signIns", "sign_in_history", "at:t network provider country located:f latitude longitude browser os kind", "entry_id", "entry_id"},
	{"signInsUnderWay", "sign_ins", "needs reasons suspicious:f tries created:t expires:t", "sign_in_id", "sign_in_id generation password device"},
	{"failures", "streaks", "failures last:t", "counter", "counter"},
	{"authenticatorApp", "totp", "created:t confirmed:t", "account_id", "sealed step session"},
	{"recoveryCodes", "recovery_codes", "created:t", "code_hash", "code_hash"},
	{"passkeys", "passkeys", "passkey_id name sign_count regressed:t created:t last_used:t", "passkey_id", "credential data"},
	{"passkeysAsked", "ceremonies", "purpose expires:t", "ceremony_id", "ceremony_id about data"},
	{"accessCodes", "access_codes", "purpose channel destination tries used:t sent:t expires:t created:t", "attempt_id, purpose", "attempt_id code_hash"},
	{"profiles", "profiles", "profile_id name avatar level language kids:f main:f created:t", "profile_id", ""},
	{"profileLocks", "pins", "profile_id version created:t unlocks alarmed:t", "profile_id", "salt memory passes sealed"},
	{"wrongPINs", "pin_tries", "profile_id pin device_id epoch told told_at:t checked checked_at:t last:t", "profile_id, pin, device_id, epoch", ""},
	{"parentalControl", "parental", "above add_needs_pin:f", "account_id", ""},
	{"parentalTitles", "parental_titles", "title_id", "title_id", ""},
	{"blockedTitles", "blocked_titles", "profile_id title_id", "profile_id, title_id", ""},
	{"devices", "devices", "device_id name model kind epoch status cause_by cause_at:t cause_where applied_status applied_version applied_at:t" +
		" profile_id connected:f last_grant:t last_contact:t lease first_seen:t signed_in:t ends:t ip place", "device_id", "public_key generation node_id conn told_epoch told_seq ends_held"},
	{"devicesAsking", "enrolments", "device_id name model kind state epoch ip place created:t expires:t", "device_id", "public_key code_hash salt"},
	{"orders", "orders", "device_id epoch status signed:t jws", "device_id, epoch, digest", "digest"},
	{"receipts", "receipts", "device_id typ epoch status version applied:t received:t jws", "device_id, digest", "digest evidence"},
	{"stolenReports", "stolen_reports", "device_id seq how since:t until:t times ip place", "device_id, seq", "conn"},
	{"control", "controls", "device_id epoch told_at:t allowed:f open_until:t", "device_id", "told wish done open_wish open_by open_role"},
	{"remotes", "remotes", "device_id remote_id name role paired:t used:t forget:f wish_role", "device_id, remote_id", "wish"},
	{"activity", "activity", "device_id epoch seq profile_id title_id what at:t ended:t position length ip place received:t", "device_id, epoch, seq", "sitting"},
	{"playing", "streams", "device_id epoch profile_id title_id began:t until:t", "device_id", "play"},
	{"ownLists", "own_list", "profile_id title_id listed:f at:t", "profile_id, title_id", ""},
	{"begun", "progress", "profile_id title_id position length at:t done:f", "profile_id, title_id", ""},
	{"timeline", "timeline", "entry_id at:t kind actor device_id profile_id subject ip place detail agent times", "entry_id", ""},
	{"eventsToTheService", "webhook_events", "event_id kind created:t attempts failed_at:t", "event_id, hook_id", "hook_id body next_at flying last_error"},
	{"messages", "outbox", "message_id channel recipient kind subject created:t attempts sent_at:t failed_at:t last_error", "message_id",
		"text_body html_body next_at give_up_at"},
	{"changesWaiting", "changes", "kind created:t", "kind, session_id", "session_id value value_key notices attempt everywhere"},
	{"changesThatCanBeUndone", "chains", "opened:t moved:t expires:t", "chain_id", "chain_id email_key factor snapshot"},
	{"links", "links", "purpose subject created:t expires:t used:t", "created, link_hash", "link_hash email_key restores signed_in"},
	{"recoveries", "recoveries", "typed proved:t created:t", "created, recovery_id", "recovery_id password email phone language"},
	{"deletionsUnderWay", "deletions", "kind device_id epoch at:t", "at, kind, device_id, epoch", ""},
	{"erasure", "erasures", "asked:t due:t closed:t", "account_id", ""},
	{"secondFactorReset", "factor_resets", "operator reason asked:t due:t", "account_id", ""},
	{"contactReset", "contact_resets", "operator reason email asked:t due:t", "account_id", "email_key"},
	{"lockedBySupport", "account_locks", "operator reason at:t", "account_id", ""},
	{"hackedWalk", "walks", "begun:t seen", "account_id", ""},
}

// ExportTables lists what an export consists of, in its order.
func ExportTables() []ExportTable { return exported }

// ExportPage returns up to limit rows of a table after the first offset, each a
// JSON object with the columns as its members: times as RFC 3339 or null.
func (tx *Tx) ExportPage(t ExportTable, account protocol.AccountID, offset, limit int) ([]json.RawMessage, error) {
	columns := strings.Fields(t.columns)
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i], _, _ = strings.Cut(c, ":")
	}
	if slices.Contains(names, "title_id") { // with what the title is or was called
		columns = append(columns, "title_name")
		names = append(names, `COALESCE((SELECT n.name FROM title_names n WHERE n.title_id = `+t.table+`.title_id), '')`)
	}
	var out []json.RawMessage
	err := tx.rows(func(scan scanFunc) error {
		values := make([]any, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := scan(into...); err != nil {
			return err
		}
		row, err := exportRow(columns, values)
		out = append(out, row)
		return err
	}, `SELECT `+strings.Join(names, ", ")+` FROM `+t.table+` WHERE account_id = $1 ORDER BY `+t.order+` LIMIT $2 OFFSET $3`,
		account, limit, offset)
	return out, err
}

func exportRow(columns []string, values []any) (json.RawMessage, error) {
	var b bytes.Buffer
	for i, c := range columns {
		name, kind, _ := strings.Cut(c, ":")
		v := values[i]
		n, isNumber := v.(int64)
		switch {
		case kind == "t" && isNumber && n == 0:
			v = nil
		case kind == "t" && isNumber:
			v = time.UnixMilli(n).UTC()
		case kind == "f" && isNumber:
			v = n != 0
		case kind != "":
			return nil, fmt.Errorf("store: export of %s: %T", name, v)
		}
		text, err := json.Marshal(v)
		if err != nil {
			return nil, fmt.Errorf("store: export of %s: %w", name, err)
		}
		b.WriteByte("{,"[min(i, 1)])
		fmt.Fprintf(&b, "%q:%s", name, text)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
