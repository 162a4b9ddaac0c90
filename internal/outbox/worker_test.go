package outbox_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/mail"
	"github.com/vestibule-id/vestibule/internal/mail/mailtest"
	"github.com/vestibule-id/vestibule/internal/outbox"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

func addressOf(t *testing.T) string { return storetest.Address(t, "sqlite") }

// A node that dies after DATA, before it could write that the letter was sent,
// leaves it to another: the same Message-ID and the same link leave again, and
// nothing of the dead node counts any more.
//
// Proves: 4.7
func TestALetterOfADeadNodeIsSentAgainTheSame(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		sink := mailtest.Start(t)
		p := newPost(t, h, smtpTo(t, sink))
		task := p.enqueue(t)
		// The dying node: it claims and sends, and never writes.
		var claimed []identity.Task
		p.tx(t, func(ctx context.Context, tx *store.Tx) (err error) {
			claimed, err = tx.ClaimTasks(ctx, true, h.Clock.Now(), h.Clock.Now().Add(time.Minute), 9)
			return err
		})
		letter, err := p.worker.Writer.Write(t.Context(), p.acme, claimed[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := smtpTo(t, sink).Send(t.Context(), letter); err != nil {
			t.Fatal(err)
		}
		p.pass(t, 0) // its lease lasts
		h.Clock.Advance(time.Minute)
		p.pass(t, 1)
		mails := sink.Wait(t, 2)
		if len(mails) != 2 || mails[0].MessageID != mails[1].MessageID || mails[0].From != mails[1].From || mails[0].Link(t) != mails[1].Link(t) {
			t.Errorf("%d mails, %s and %s", len(mails), mails[0].MessageID, mails[1].MessageID)
		}
		late := p.acme.Tx(t.Context(), func(tx *store.Tx) error {
			return tx.SetLetter(t.Context(), claimed[0], store.Delivery{State: identity.LetterFailed, At: h.Clock.Now()})
		})
		if l := p.letter(t, task.ID); late == nil || l.State != identity.LetterSent || l.Tries != 2 {
			t.Errorf("the dead node's word counted (%v): %+v", late, l)
		}
	})
}

// The server took the letter and hung up before it said so: nobody can know,
// so it leaves again, the same.
//
// Proves: 4.7
func TestALostAnswerMeansTheSameLetterAgain(t *testing.T) {
	h := housetest.New(t, addressOf(t))
	sink := mailtest.Start(t)
	sink.Behave(mailtest.Behaviour{Drop: true})
	p := newPost(t, h, smtpTo(t, sink))
	task := p.enqueue(t)
	p.pass(t, 1)
	if l := p.letter(t, task.ID); l.State != identity.LetterDeferred {
		t.Fatalf("the letter is %+v", l)
	}
	sink.Behave(mailtest.Behaviour{})
	h.Clock.Advance(10 * time.Second)
	p.pass(t, 1)
	if mails := sink.Wait(t, 2); mails[0].MessageID != mails[1].MessageID || p.letter(t, task.ID).State != identity.LetterSent {
		t.Errorf("%s and %s", mails[0].MessageID, mails[1].MessageID)
	}
}

// Nodes that work at the same time deliver everything, and nothing twice.
//
// Proves: 4.7
func TestNodesShareTheWork(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		sink := mailtest.Start(t)
		p := newPost(t, h, smtpTo(t, sink))
		const count = 60
		for range count {
			p.enqueue(t)
		}
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		for range 2 {
			node := h.Node(t)
			worker := workerOf(t, node, smtpTo(t, sink))
			running.Go(func() { worker.Run(ctx) })
		}
		sink.Wait(t, count)
		stop()
		running.Wait() // what is under way is written
		seen := map[string]int{}
		for _, m := range sink.Mails() {
			seen[m.MessageID]++
		}
		if len(seen) != count || len(sink.Mails()) != count {
			t.Errorf("%d letters in %d mails, want %d", len(seen), len(sink.Mails()), count)
		}
		list, err := p.acme.Letters(t.Context(), identity.Letter{}, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range list {
			if l.State != identity.LetterSent || l.Tries != 1 {
				t.Errorf("the letter is %+v", l)
			}
		}
	})
}

// A worker that stops finishes what is under way and gives back what it has
// not begun.
//
// Proves: 4.7
func TestStoppingFinishesWhatIsUnderWay(t *testing.T) {
	h := housetest.New(t, addressOf(t))
	under, release := make(chan struct{}, 100), make(chan struct{})
	to := &gate{under: under, release: release}
	p := newPost(t, h, to)
	for range 9 {
		p.enqueue(t)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { p.worker.Run(ctx); close(ended) }()
	for range 4 {
		<-under
	}
	stop()
	close(release)
	<-ended
	states := map[identity.LetterState]int{}
	list, err := p.acme.Letters(t.Context(), identity.Letter{}, 100)
	for _, l := range list {
		states[l.State]++
	}
	if err != nil || states[identity.LetterSent] < 4 || states[identity.LetterSent] != int(to.sent.Load()) || states[identity.LetterDeferred] != 0 {
		t.Fatalf("states %v, %d sent (%v)", states, to.sent.Load(), err)
	}
	p.worker.Sender = &fake{}
	p.pass(t, states[identity.LetterQueued]) // at once: no lease is left
}

// A gate takes letters when it is opened.
type gate struct {
	under   chan struct{}
	release chan struct{}
	sent    atomic.Int64
}

func (g *gate) Send(context.Context, mail.Letter) (string, error) {
	g.under <- struct{}{}
	<-g.release
	g.sent.Add(1)
	return "250 ok", nil
}

// Without a mail server letters wait, requests do not.
//
// Proves: 4.7
func TestLettersWaitForAMailServer(t *testing.T) {
	h := housetest.New(t, addressOf(t))
	p := newPost(t, h, nil)
	p.worker.Sender = nil
	handled := 0
	p.worker.Handlers = map[string]outbox.Handler{"request.x": func(context.Context, store.Tenant, identity.Task) error { handled++; return nil }}
	task := p.enqueue(t)
	p.tx(t, func(ctx context.Context, tx *store.Tx) error {
		return tx.Enqueue(ctx, identity.Task{Kind: "request.x", At: h.Clock.Now()})
	})
	p.pass(t, 1)
	if l := p.letter(t, task.ID); l.State != identity.LetterQueued || l.To != "ann@acme.test" || handled != 1 {
		t.Errorf("the letter is %+v, %d requests", l, handled)
	}
	if err := p.worker.Expire(t.Context(), p.acme); err != nil || p.letter(t, task.ID).State != identity.LetterQueued {
		t.Errorf("given up too early (%v)", err)
	}
	h.Clock.Advance(time.Hour)
	if err := p.worker.Expire(t.Context(), p.acme); err != nil || p.letter(t, task.ID).State != identity.LetterExpired || len(p.events(t)) != 1 {
		t.Errorf("%+v, events %v (%v)", p.letter(t, task.ID), p.events(t), err)
	}
	p.worker.Sender = &fake{}
	p.pass(t, 0)
}

// Where there is no mail server, letters without an end are given up after
// three days, as a mail server's would be: they do not pile up.
//
// Proves: 4.7
func TestLettersWithoutAnEndAreGivenUp(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		p := newPost(t, h, nil)
		p.worker.Sender = nil
		task := identity.Task{ID: identity.NewTaskID(), Kind: identity.LetterPasswordChanged, User: p.ann.ID, At: h.Clock.Now()}
		p.tx(t, func(ctx context.Context, tx *store.Tx) error { return tx.Enqueue(ctx, task) })
		for _, step := range []struct {
			after time.Duration
			state identity.LetterState
		}{{72*time.Hour - time.Second, identity.LetterQueued}, {time.Second, identity.LetterFailed}} {
			h.Clock.Advance(step.after)
			if err := p.worker.Expire(t.Context(), p.acme); err != nil || p.letter(t, task.ID).State != step.state {
				t.Errorf("the letter is %s, want %s (%v)", p.letter(t, task.ID).State, step.state, err)
			}
		}
		if events := p.events(t); len(events) != 1 || events[0] != "mail_failed password_changed" {
			t.Errorf("events %v", events)
		}
		p.worker.Sender = &fake{}
		p.pass(t, 0)
	})
}

// The pause after a try begins when the try has ended, however long it took.
//
// Proves: 4.7
func TestThePauseFollowsTheTry(t *testing.T) {
	h := housetest.New(t, addressOf(t))
	p := newPost(t, h, &fake{})
	tries := 0
	p.worker.Handlers = map[string]outbox.Handler{"request.x": func(context.Context, store.Tenant, identity.Task) error {
		tries++
		h.Clock.Advance(20 * time.Second)
		return errors.New("the database is slow")
	}}
	p.tx(t, func(ctx context.Context, tx *store.Tx) error {
		return tx.Enqueue(ctx, identity.Task{Kind: "request.x", At: h.Clock.Now()})
	})
	p.pass(t, 1)
	p.pass(t, 0)
	h.Clock.Advance(10 * time.Second)
	p.pass(t, 1)
	if tries != 2 {
		t.Errorf("%d tries, want 2", tries)
	}
}

// Proves: 4.7
func TestARequestIsHandledUntilItSucceeds(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		p := newPost(t, h, &fake{})
		var log bytes.Buffer
		p.worker.Log = slog.New(slog.NewTextHandler(&log, nil))
		var got []identity.Task
		steps := []func() error{
			func() error { return fmt.Errorf("the database is away: %w", problem.NotFound) }, // which says nothing of the lease
			func() error { panic("a mistake of ours") },
			func() error { return nil },
		}
		p.worker.Handlers = map[string]outbox.Handler{identity.RequestReset: func(_ context.Context, tenant store.Tenant, task identity.Task) error {
			if tenant.ID() != p.acme.ID() {
				t.Errorf("handled in %s", tenant.ID())
			}
			got = append(got, task)
			return steps[len(got)-1]()
		}}
		p.tx(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.Enqueue(ctx, identity.Task{Kind: identity.RequestReset, At: h.Clock.Now(), Data: map[string]string{"email": "ann@acme.test"}})
		})
		for range steps {
			p.pass(t, 1)
			p.pass(t, 0)
			h.Clock.Advance(3 * time.Minute) // more than the pause, and than the lease after a panic
		}
		p.pass(t, 0)
		if len(got) != 3 || got[2].Data["email"] != "ann@acme.test" || got[0].ID != got[2].ID {
			t.Errorf("handled %d times: %v", len(got), got)
		}
		if !strings.Contains(log.String(), "the database is away") || !strings.Contains(log.String(), "a mistake of ours") || strings.Contains(log.String(), "ann@acme.test") {
			t.Errorf("the log says %s", &log)
		}
	})
}

// What the log says of letters names nobody's address.
//
// Proves: 4.7
func TestTheLogIsLoudAndDiscreet(t *testing.T) {
	h := housetest.New(t, addressOf(t))
	p := newPost(t, h, &fake{err: &mail.Refusal{Answer: "550 <ann@acme.test>: gone", Permanent: true, Address: true}})
	var log bytes.Buffer
	p.worker.Log = slog.New(slog.NewTextHandler(&log, nil))
	p.enqueue(t)
	p.pass(t, 1)
	if said := log.String(); !strings.Contains(said, "level=ERROR") || !strings.Contains(said, "550 <[address]>: gone") || strings.Contains(said, "ann@") {
		t.Error(said)
	}
}

// A tenant with many letters does not hold up another's one.
//
// Proves: 4.7
func TestNoTenantWaitsForAnother(t *testing.T) {
	h := housetest.New(t, addressOf(t))
	to := &fake{}
	p := newPost(t, h, to)
	for range 50 {
		p.enqueue(t)
	}
	h.Clock.Advance(time.Second)
	other := h.AddTenant(t, "other", identity.Workspace)
	bob := h.AddUser(t, other, housetest.Person{Email: "bob@other.test", Password: "right"})
	if err := other.Tx(t.Context(), func(tx *store.Tx) error {
		return tx.Enqueue(t.Context(), identity.Task{Kind: identity.LetterNewBrowser, User: bob.ID, At: h.Clock.Now()})
	}); err != nil {
		t.Fatal(err)
	}
	p.pass(t, 51)
	for place, l := range to.took {
		if l.To == "bob@other.test" && place > 8 {
			t.Errorf("it left as number %d", place+1)
		}
	}
}
