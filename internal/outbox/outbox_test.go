package outbox_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/mail"
	"github.com/vestibule-id/vestibule/internal/mail/mailtest"
	"github.com/vestibule-id/vestibule/internal/outbox"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/store"
)

var sender = mail.Sender{Name: "Vestibule", Address: "no-reply@door.test"}

// A post is a house with a worker and what the worker talks to.
type post struct {
	*housetest.House
	worker *outbox.Worker
	acme   store.Tenant
	ann    identity.User
}

func newPost(t *testing.T, h *housetest.House, to outbox.Sender) *post {
	t.Helper()
	p := &post{House: h, acme: h.AddTenant(t, "acme", identity.Workspace)}
	p.ann = h.AddUser(t, p.acme, housetest.Person{Email: "ann@acme.test", Name: "Ann", Password: "right"})
	p.worker = workerOf(t, h, to)
	return p
}

func workerOf(t *testing.T, h *housetest.House, to outbox.Sender) *outbox.Worker {
	t.Helper()
	stationery, err := mail.NewStationery("")
	if err != nil {
		t.Fatal(err)
	}
	return &outbox.Worker{
		Store: h.Store, Sender: to, Now: h.Clock.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Writer: &outbox.Writer{Stationery: stationery, PublicURL: housetest.Issuer, Product: "Vestibule", Operator: policy.Defaults(), Now: h.Clock.Now},
	}
}

func (p *post) tx(t *testing.T, change func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	if err := p.acme.Tx(t.Context(), func(tx *store.Tx) error { return change(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

// enqueue enqueues a reset letter whose link lasts an hour.
func (p *post) enqueue(t *testing.T) (task identity.Task) {
	t.Helper()
	now := p.Clock.Now()
	link := identity.Link{ID: identity.NewLinkID(), Purpose: identity.ResetLink, User: p.ann.ID, CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
	p.tx(t, func(ctx context.Context, tx *store.Tx) error {
		live, err := tx.EnsureLink(ctx, link)
		task = identity.Task{ID: identity.NewTaskID(), Kind: identity.LetterReset, User: p.ann.ID, Link: live.ID, At: now, Expires: live.ExpiresAt}
		return errors.Join(err, tx.Enqueue(ctx, task))
	})
	return task
}

func (p *post) pass(t *testing.T, want int) {
	t.Helper()
	if n, err := p.worker.Pass(t.Context()); err != nil || n != want {
		t.Fatalf("%d tasks were done (%v), want %d", n, err, want)
	}
}

func (p *post) letter(t *testing.T, id identity.TaskID) identity.Letter {
	t.Helper()
	l, err := p.acme.Letter(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (p *post) events(t *testing.T) (results []string) {
	t.Helper()
	list, err := p.acme.Events(t.Context(), "", 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if e.Kind == identity.EventMailFailed {
			results = append(results, e.Result+" "+e.Detail["letter"])
		}
	}
	return results
}

func smtpTo(t *testing.T, sink *mailtest.Sink) *mail.SMTP {
	t.Helper()
	s, err := mail.NewSMTP(sink.Address(), sender)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// A fake takes letters as it is told, and remembers them.
type fake struct {
	mu   sync.Mutex
	took []mail.Letter
	err  error
	send func(ctx context.Context, l mail.Letter) (string, error)
}

func (f *fake) Send(ctx context.Context, l mail.Letter) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.took = append(f.took, l)
	if f.send != nil {
		return f.send(ctx, l)
	}
	return "250 ok", f.err
}

// Proves: 4.6, 4.7, W3, Q2
func TestALetterGoesFromTheOutboxToTheStoredAddress(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		sink := mailtest.Start(t)
		p := newPost(t, h, smtpTo(t, sink))
		h.SetTenant(t, p.acme, "support-contact=help@acme.test", "language=id", "name=Acme Corporation")
		task := p.enqueue(t)
		p.pass(t, 1)
		got := sink.Wait(t, 1)[0]
		token := string(h.Store.Keys().LinkToken(identity.ResetLink, p.acme.ID(), task.Link))
		if got.To != "ann@acme.test" || got.Link(t) != housetest.Issuer+"/reset-password?token="+token {
			t.Errorf("to %s, link %s", got.To, got.Link(t))
		}
		if got.Subject != "Pilih kata sandi baru untuk Acme Corporation" || got.Header.Get("Reply-To") != "<help@acme.test>" || !strings.HasPrefix(got.Header.Get("From"), `"Acme Corporation" `) {
			t.Errorf("subject %q, header %v", got.Subject, got.Header)
		}
		l := p.letter(t, task.ID)
		if l.State != identity.LetterSent || l.To != "ann@acme.test" || l.Tries != 1 || !strings.HasPrefix(l.Answer, "2") {
			t.Errorf("the letter is %+v", l)
		}
		p.pass(t, 0)
	})
}

// A letter is in the language of whoever gets it, its times where they are;
// what confirms an address tells whoever has it nothing of the account.
//
// Proves: 4.6, 5.1
func TestALetterIsInItsReadersLanguage(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		to := &fake{}
		p := newPost(t, h, to)
		h.SetTenant(t, p.acme, "language=en", "time-zone=Europe/Berlin")
		p.enqueue(t)
		p.pass(t, 1)
		u := p.ann
		u.Language, u.TimeZone = "id", "Asia/Jakarta"
		var link identity.LinkID
		p.tx(t, func(ctx context.Context, tx *store.Tx) error {
			now := h.Clock.Now()
			l := identity.Link{ID: identity.NewLinkID(), Purpose: identity.AddressLink, User: u.ID, Data: "New@acme.test", CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
			link = l.ID
			return errors.Join(tx.Describe(ctx, u), tx.ReplaceLink(ctx, l), tx.Enqueue(ctx, identity.Task{
				Kind: identity.LetterAddressConfirm, User: u.ID, Link: l.ID, At: now, Expires: l.ExpiresAt, Data: map[string]string{identity.DataTo: l.Data}}))
		})
		p.pass(t, 1)
		if zone := identity.ZoneWord(h.Clock.Now().In(identity.Zone("Europe/Berlin"))); to.took[0].Language != "en" || !strings.Contains(to.took[0].Text, zone) {
			t.Errorf("the tenant's: %s: %s", to.took[0].Language, to.took[0].Text)
		}
		l := to.took[1]
		if l.Language != "id" || !strings.Contains(l.Text, "WIB") || l.To != "new@acme.test" {
			t.Errorf("one's own: %s to %s: %s", l.Language, l.To, l.Text)
		}
		address := housetest.Issuer + "/confirm-address?token=" + string(h.Store.Keys().LinkToken(identity.AddressLink, p.acme.ID(), link))
		if !strings.Contains(l.Text, address) || strings.Contains(l.Text+l.HTML, "ann@acme.test") || strings.Contains(l.Text+l.HTML, u.Name) {
			t.Errorf("the letter: %s", l.Text)
		}
	})
}

// Proves: 4.7, Q7
func TestWhatBecomesOfALetter(t *testing.T) {
	for _, row := range []struct {
		name    string
		err     error
		state   identity.LetterState
		trouble string
		event   []string
	}{
		{"taken", nil, identity.LetterSent, "", nil},
		{"dead address", &mail.Refusal{Answer: "550 gone", Permanent: true, Address: true}, identity.LetterFailed, "refused", []string{"mail_failed reset"}},
		{"refused for what it says", &mail.Refusal{Answer: "554 spam", Permanent: true}, identity.LetterFailed, "", []string{"mail_failed reset"}},
		{"greylisted", &mail.Refusal{Answer: "451 later", Address: true}, identity.LetterDeferred, "", nil},
		{"no answer", errors.New("timeout"), identity.LetterDeferred, "", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			housetest.Each(t, func(t *testing.T, h *housetest.House) {
				p := newPost(t, h, &fake{err: row.err})
				task := p.enqueue(t)
				p.pass(t, 1)
				l := p.letter(t, task.ID)
				if l.State != row.state || row.err != nil && l.Answer != row.err.Error() {
					t.Errorf("the letter is %+v", l)
				}
				u, err := p.acme.User(t.Context(), p.ann.ID)
				if err != nil || u.Mail.Kind != row.trouble {
					t.Errorf("the address is marked %+v (%v)", u.Mail, err)
				}
				if got := p.events(t); strings.Join(got, ",") != strings.Join(row.event, ",") {
					t.Errorf("events %v", got)
				}
			})
		})
	}
}

// A letter that cannot be delivered is tried again, later each time, always the
// same, and given up when its link expires.
//
// Proves: 4.7
func TestTriesStopWhenItIsTooLate(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		to := &fake{err: errors.New("down")}
		p := newPost(t, h, to)
		task := p.enqueue(t)
		end := h.Clock.Now().Add(time.Hour)
		var pauses []time.Duration
		for last := h.Clock.Now(); h.Clock.Now().Before(end); h.Clock.Advance(500 * time.Millisecond) {
			n, err := p.worker.Pass(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if n > 0 {
				pauses = append(pauses, h.Clock.Now().Sub(last))
				last = h.Clock.Now()
			}
		}
		if len(pauses) < 8 || len(pauses) > 12 || pauses[1] < 4*time.Second || pauses[1] > 7*time.Second {
			t.Errorf("pauses %v", pauses)
		}
		for i := 2; i < len(pauses); i++ {
			if grown := float64(pauses[i]) / float64(pauses[i-1]); grown < 1.2 || grown > 3.1 {
				t.Errorf("pause %d is %.1f times the one before: %v", i, grown, pauses)
			}
		}
		tried := len(to.took)
		p.pass(t, 1) // it is looked at when it expires, and not sent
		if l := p.letter(t, task.ID); len(to.took) != tried || l.State != identity.LetterExpired || l.Answer != "down" {
			t.Errorf("%d tries after its end, letter %+v", len(to.took)-tried, l)
		}
		for _, l := range to.took {
			if l.Token != to.took[0].Token || l.Text != to.took[0].Text || !l.At.Equal(to.took[0].At) {
				t.Errorf("a later try is another letter: %+v", l)
			}
		}
		if got := p.events(t); len(got) != 1 || got[0] != "mail_expired reset" {
			t.Errorf("events %v", got)
		}
	})
}

// Proves: 4.7, W4
func TestNoLetterWithALinkThatIsOver(t *testing.T) {
	for name, end := range map[string]func(p *post, t *testing.T){
		"expired": func(p *post, _ *testing.T) { p.Clock.Advance(time.Hour) },
		"ended": func(p *post, t *testing.T) {
			p.tx(t, func(ctx context.Context, tx *store.Tx) error { return tx.EndLinks(ctx, p.ann.ID, p.Clock.Now()) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			housetest.Each(t, func(t *testing.T, h *housetest.House) {
				to := &fake{}
				p := newPost(t, h, to)
				task := p.enqueue(t)
				end(p, t)
				p.pass(t, 1)
				if l := p.letter(t, task.ID); len(to.took) != 0 || l.State != identity.LetterExpired {
					t.Errorf("%d letters went out; it is %s", len(to.took), l.State)
				}
			})
		})
	}
}

// While a letter is under way its time may run out: then the conversation ends.
//
// Proves: 4.7
func TestALetterUnderWayEndsWithItsTime(t *testing.T) {
	h := housetest.New(t, addressOf(t))
	var left time.Duration
	to := &fake{send: func(ctx context.Context, _ mail.Letter) (string, error) {
		end, _ := ctx.Deadline()
		left = time.Until(end)
		return "", ctx.Err()
	}}
	p := newPost(t, h, to)
	p.enqueue(t)
	h.Clock.Advance(time.Hour - time.Second)
	p.pass(t, 1)
	if left > time.Second || left <= 0 {
		t.Errorf("a letter that expires in a second has %s", left)
	}
}

// Proves: Q7
func TestTheNextTryGoesToTheCorrectedAddress(t *testing.T) {
	h := housetest.New(t, addressOf(t))
	to := &fake{err: errors.New("down")}
	p := newPost(t, h, to)
	p.tx(t, func(ctx context.Context, tx *store.Tx) error {
		return tx.Enqueue(ctx, identity.Task{Kind: identity.LetterPasswordChanged, User: p.ann.ID, At: h.Clock.Now()})
	})
	p.pass(t, 1)
	after := p.ann
	after.Email = identity.EmailAddress{Typed: "ann@new.test", Folded: "ann@new.test"}
	p.tx(t, func(ctx context.Context, tx *store.Tx) error { return tx.SetUser(ctx, p.ann, after, time.Time{}) })
	h.Clock.Advance(10 * time.Second)
	p.pass(t, 1)
	if to.took[1].To != "ann@new.test" {
		t.Errorf("the second try goes to %s", to.took[1].To)
	}
}

// Whoever has no address gets no letter, and the outbox does not stop at it.
//
// Proves: 4.7
func TestNobodyIsWrittenTo(t *testing.T) {
	h := housetest.New(t, addressOf(t))
	to := &fake{}
	p := newPost(t, h, to)
	bob := h.AddUser(t, p.acme, housetest.Person{Extension: "201", Password: "right"})
	for _, data := range []map[string]string{nil, {identity.DataTo: "a@b.test, c@d.test"}, {identity.DataTo: "bob\r\nRCPT TO:<eve@evil.test>"}} {
		p.tx(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.Enqueue(ctx, identity.Task{Kind: identity.LetterPasswordChanged, User: bob.ID, At: h.Clock.Now(), Data: data})
		})
	}
	p.pass(t, 3)
	list, err := p.acme.Letters(t.Context(), identity.Letter{}, 9)
	if err != nil || len(to.took) != 0 || len(list) != 3 {
		t.Fatalf("%d went out, %d are known (%v)", len(to.took), len(list), err)
	}
	for _, l := range list {
		if l.State != identity.LetterFailed {
			t.Errorf("the letter is %+v", l)
		}
	}
}
