package audit

import (
	"context"
	"errors"
	"fmt"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// A Break is the first line of a trail that does not hold.
type Break struct {
	Place int64            // 0: the trail has no place for it
	Event identity.EventID // may be empty
	Why   string           // a sentence without its full stop
}

// A Report is what became of a check.
type Report struct {
	Head   Head
	First  int64  // the first place kept
	Erased int64  // places whose personal parts were erased
	Break  *Break // nil: the trail holds
}

// linesOnce is how many places are read at a time.
const linesOnce = 1000

// Verify checks a tenant's chain from its beginning to its end, while the
// server may be working on it. Each of the expected heads must stand in it;
// those of other tenants are left out.
func (s *Service) Verify(ctx context.Context, t store.Tenant, expected ...Head) (r Report, err error) {
	defer problem.Wrap(&err, "verify the trail of %s", t.ID())
	for range 3 {
		v := verification{chain: chainOf(t), t: t, expected: map[int64][]Head{}}
		for _, h := range expected {
			if h.Tenant == t.ID() {
				v.expected[h.Place] = append(v.expected[h.Place], h)
			}
		}
		r, err = v.run(ctx)
		if err != nil || r.Break == nil {
			return r, err
		}
		if now, err := t.ChainHead(ctx); err != nil || now.BasePlace == v.head.BasePlace {
			return r, err // not broken by our own hand, giving old events up meanwhile
		}
	}
	return r, nil
}

// A verification goes along a chain once.
type verification struct {
	chain    chain
	t        store.Tenant
	head     store.ChainHead // as it was at first
	expected map[int64][]Head

	place  int64 // how far it has come
	mac    []byte
	erased int64
}

func (v *verification) run(ctx context.Context) (r Report, err error) {
	if v.head, err = v.t.ChainHead(ctx); err != nil {
		return r, err
	}
	broken, err := v.walk(ctx)
	if err == nil && broken == nil {
		broken, err = v.ends(ctx)
	}
	return Report{Head: Head{Tenant: v.t.ID(), Place: v.place, MAC: v.mac}, First: v.head.BasePlace + 1, Erased: v.erased, Break: broken}, err
}

// walk checks every place there is.
func (v *verification) walk(ctx context.Context) (*Break, error) {
	v.place, v.mac = v.head.BasePlace, v.head.BaseMAC
	if v.place > 0 && !same(v.head.BaseSeal, v.chain.begins(v.head)) {
		return &Break{Place: v.place, Why: "the chain begins where nobody with the key has let it begin"}, nil
	}
	for at := range v.expected {
		if at < v.place {
			delete(v.expected, at) // given up since
		}
	}
	if b := v.expects(); b != nil {
		return b, nil
	}
	for {
		lines, err := v.t.ChainLines(ctx, v.place, linesOnce)
		if err != nil || len(lines) == 0 {
			return nil, err
		}
		for _, l := range lines {
			if b := v.check(l); b != nil {
				return b, nil
			}
		}
	}
}

// check looks at the line that should be the next one.
func (v *verification) check(l store.ChainLine) *Break {
	next := v.place + 1
	switch {
	case l.Place != next:
		return &Break{Place: next, Why: "the place is gone"}
	case l.Event.ID == "":
		return &Break{Place: next, Event: l.EventID, Why: "the event is gone"}
	case len(l.Personal) > 0 && !same(l.Erased, v.chain.erased(l)):
		return &Break{Place: next, Event: l.EventID, Why: "its personal parts were erased by nobody with the key"}
	case len(l.Personal) > 0 && (l.Event.Peer.Address != "" || l.Event.Peer.UserAgent != "" || l.Detail != nothing):
		return &Break{Place: next, Event: l.EventID, Why: "something was written where personal parts were erased"}
	case !same(l.MAC, v.chain.mac(l, v.mac)):
		return &Break{Place: next, Event: l.EventID, Why: "the event, or its place, was changed"}
	}
	if len(l.Personal) > 0 {
		v.erased++
	}
	v.place, v.mac = next, l.MAC
	return v.expects()
}

// nothing is the detail of an event whose personal parts were erased.
const nothing = "{}"

// expects compares the place that was just reached with what was noted
// elsewhere, and with the head as it was at first.
func (v *verification) expects() *Break {
	for _, h := range v.expected[v.place] {
		if !same(h.MAC, v.mac) {
			return &Break{Place: v.place, Why: "the chain is another one than when the expected head was noted"}
		}
	}
	delete(v.expected, v.place)
	if v.place == v.head.Place && !same(v.head.MAC, v.mac) {
		return &Break{Place: v.place, Why: "the head is not that of the chain"}
	}
	return nil
}

// ends checks what only shows once the last place is known.
func (v *verification) ends(ctx context.Context) (*Break, error) {
	for at := range v.expected {
		return &Break{Place: v.place + 1, Why: fmt.Sprintf("the end is cut off: there was a place %d", at)}, nil
	}
	if v.place < v.head.Place {
		return &Break{Place: v.place + 1, Why: fmt.Sprintf("the end is cut off: there was a place %d", v.head.Place)}, nil
	}
	now, err := v.t.ChainHead(ctx)
	if err != nil {
		return nil, err
	}
	if v.place > now.Place {
		return &Break{Place: now.Place + 1, Why: "there is a place behind the head"}, nil
	}
	stray, err := v.t.StrayEvent(ctx)
	if errors.Is(err, problem.NotFound) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	return &Break{Event: stray, Why: "the event was put in beside the chain, or taken out before it was sealed"}, nil
}
