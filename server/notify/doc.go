// Package notify gets messages to people: it words them ([Compose]), keeps them
// in the database until they are out ([Outbox]) and hands them to a mail server
// ([SMTP], signed with [DKIM]) or an SMS gateway ([SMS]).
//
// # Promises
//
//   - A message is stored in the transaction that is its reason: either both
//     happened or neither did.
//   - It is handed over at least once, whatever is killed in between; a repeat
//     carries the same Message-ID and Date, by which mail programs fold it. A
//     gateway knows no such thing: there a repeat is a second SMS.
//   - SMS cost money: budgets per account, range of numbers and hour hold over all
//     servers of a database. Security notices that leave as mails too are never
//     held up by them.
//   - Temporary failures are tried again, after 30 s at first and at most 6 h
//     apart, until the message is of no use any more (3 days, or when its code
//     expires). Then, and when the mail server refuses the recipient or the
//     message for good, it is set aside, where the owner and the operator see it.
//   - No header can be injected: what cannot be a header is refused when the
//     message is stored. Names chosen by people are shortened, kept on one line
//     and never become links.
//   - Bodies are erased once they are sent, those with a code or a link's token also
//     when they are set aside, and no body, subject, recipient or password is ever
//     logged.
//
// # Concurrency
//
// An Outbox may be used by any number of goroutines, and several servers may
// share its table. [Outbox.Run] owns its goroutines and returns when they have
// ended.
//
// # Tests
//
// Messages go through a real SMTP server and a real HTTP gateway in this
// process, over STARTTLS and TLS; signatures are checked by the library's
// verifier; time for retries is an argument or fake. The pages of all mails are
// compared with files in testdata, and every kind of notice must have one.
package notify
