package signin

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// foreignWorks is how many hashes with salts of their own, imported ones, a
// try in the e-mail style computes beside the one all our own share.
const foreignWorks = 3

// admit turns away whoever must wait before anything is taken from others: a
// place in the line in front of the hashes.
//
// A try by address alone counts first where no tenant is: only there is it
// decided that one must wait, so that neither the answer nor its time tells
// which tenants know the address, if any does. Their own lanes refuse silently.
func (a *attempt) admit(ctx context.Context) error {
	known := false
	for _, m := range a.meant {
		one, err := a.choseLanes(ctx, m)
		if err != nil {
			return err
		}
		known = known || one
	}
	first := a.meant[0]
	if a.bare != nil {
		first = a.bare
		a.setLanes(a.bare, known)
	}
	until, err := first.scope.WaitingUntil(ctx, first.lanes, a.now)
	if err != nil || until.IsZero() {
		return err
	}
	return policy.ErrWait.After(max(until.Sub(a.now), time.Second))
}

// reserve counts the try before the password is looked at. Where the limiter
// waits by now, the try is over.
func (a *attempt) reserve(ctx context.Context) error {
	if a.bare != nil {
		if err := a.reserveIn(ctx, a.bare); err != nil {
			return err
		}
	}
	for _, m := range a.meant {
		err := a.reserveIn(ctx, m)
		if a.bare != nil && errors.Is(err, policy.ErrWait) {
			m.shut = true
		} else if err != nil {
			return err
		}
	}
	return nil
}

func (a *attempt) reserveIn(ctx context.Context, m *meant) (err error) {
	m.filled, err = m.scope.ReserveTry(ctx, m.lanes, a.now)
	if waiting, ok := errors.AsType[*store.Waiting](err); ok {
		return policy.ErrWait.After(max(waiting.Until.Sub(a.now), time.Second))
	}
	return err
}

// choseLanes says where a try counts, and whether the browser is known there.
// That is asked for nobody too.
func (a *attempt) choseLanes(ctx context.Context, m *meant) (known bool, err error) {
	if a.from.Browser != "" {
		browser := a.service.Store.Keys().BrowserHash(a.from.Browser)
		if known, err = m.scope.KnownBrowser(ctx, m.user.ID, browser); err != nil {
			return false, err
		}
	}
	a.setLanes(m, known)
	return known, nil
}

// setLanes: the failures of a known browser count for the source too, which
// does not hold it back.
func (a *attempt) setLanes(m *meant, known bool) {
	browser := ""
	if a.from.Browser != "" {
		browser = a.service.Store.Keys().BrowserHash(a.from.Browser)
	}
	m.lanes = a.lanes(m, policy.Lanes(m.tenant.Policy, known), browser)
	if known {
		strangers := a.lanes(m, policy.Lanes(m.tenant.Policy, false), browser)
		m.failing = slices.DeleteFunc(strangers, func(l store.Lane) bool { return l.Name != policy.LaneSource })
	}
}

func (a *attempt) lanes(m *meant, rules []policy.Lane, browser string) (lanes []store.Lane) {
	for _, rule := range rules {
		l := store.Lane{Lane: rule, Subject: m.subject, Key: rule.Name}
		switch rule.Name {
		case policy.LaneSource:
			l.Subject, l.Key = "", rule.Name+" "+a.from.Source
		case policy.LanePlace:
			l.Key += " " + a.from.Source
		case policy.LaneBrowser:
			l.Key += " " + browser
		}
		lanes = append(lanes, l)
	}
	return lanes
}

// match computes the slow hash, behind the gate, once for all who share it.
// Whoever's is not computed, for want of room or because there are too many, is
// not meant any more and gets the try back.
func (a *attempt) match(ctx context.Context, place *secret.Place) error {
	computed := a.affordable()
	err := place.Do(ctx, func() {
		for i, matched := range secret.MatchAny(a.password, hashes(computed)) {
			computed[i].matched = matched && !computed[i].shut && !computed[i].over
			a.improve(computed[i])
		}
	})
	if err != nil {
		computed = nil
		if a.bare != nil {
			err = errors.Join(err, a.bare.refund(ctx, a.now))
		}
	}
	for _, m := range a.meant {
		if !m.shut && !slices.Contains(computed, m) {
			err = errors.Join(err, m.refund(ctx, a.now))
		}
	}
	a.meant = slices.DeleteFunc(computed, func(m *meant) bool { return m.shut })
	return err
}

// refund takes a reserved try back, also when nobody waits for the answer.
func (m *meant) refund(ctx context.Context, reserved time.Time) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), concludeTime)
	defer cancel()
	return m.scope.Tx(ctx, func(tx *store.Tx) error { return tx.RefundTry(ctx, m.lanes, reserved) })
}

// affordable are those whose hashes are computed: all that share the salt of
// the address, and a few others, real ones before decoys.
func (a *attempt) affordable() (chosen []*meant) {
	var works []secret.Hash
	inOrder := slices.Clone(a.meant)
	slices.SortStableFunc(inOrder, func(m, n *meant) int { return rank(n) - rank(m) })
	for _, m := range inOrder {
		if !m.sharesWork() && !slices.ContainsFunc(works, m.hash.SameWork) {
			if len(works) == foreignWorks {
				continue
			}
			works = append(works, m.hash)
		}
		chosen = append(chosen, m)
	}
	return chosen
}

func rank(m *meant) int {
	if m.user.HasPassword {
		return 1
	}
	return 0
}

// sharesWork reports whether the hash has the salt all tenants of the e-mail
// style share: the last part but one in the PHC string format.
func (m *meant) sharesWork() bool {
	salt := Salt(m.scope, m.tenant.Style, m.user)
	return salt != nil && strings.Contains(string(m.hash), "$"+base64.RawStdEncoding.EncodeToString(salt)+"$")
}

func hashes(list []*meant) (out []secret.Hash) {
	for _, m := range list {
		out = append(out, m.hash)
	}
	return out
}

// improve hashes a password that was right as we do today, where it was not.
// In the e-mail style the salt comes from the address, so that one computation
// serves every tenant.
func (a *attempt) improve(m *meant) {
	if !m.matched || m.user.Status != identity.Active {
		return
	}
	salt := Salt(m.scope, m.tenant.Style, m.user)
	if a.instead.Reveal() != "" {
		m.better = a.service.Params.Hash(a.instead, salt)
		return
	}
	if m.hash.Current(a.service.Params) && (salt == nil || m.sharesWork()) {
		return
	}
	m.better = a.service.Params.Hash(a.password, salt)
}

// Salt is the salt a user's password is hashed with: one made from the
// address in the e-mail style, else nil for a random one.
func Salt(t store.Tenant, style identity.Style, u identity.User) []byte {
	if style != identity.Email || u.Email.Folded == "" {
		return nil
	}
	return t.Keys().EmailSalt(u.Email.Folded)
}
