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

// reserve counts the try before the password is looked at, in every tenant
// that admits one; where the limiter waits, nobody is meant any more.
func (a *attempt) reserve(ctx context.Context) error {
	var wait time.Duration
	admitted := a.meant[:0:0]
	for _, m := range a.meant {
		if err := a.choseLanes(ctx, m); err != nil {
			return err
		}
		filled, err := m.scope.ReserveTry(ctx, m.lanes, a.now)
		if waiting, ok := errors.AsType[*store.Waiting](err); ok {
			if left := waiting.Until.Sub(a.now); wait == 0 || left < wait {
				wait = left
			}
			continue
		} else if err != nil {
			return err
		}
		m.filled = filled
		admitted = append(admitted, m)
	}
	a.meant = admitted
	if len(admitted) == 0 {
		return policy.ErrWait.After(max(wait, time.Second))
	}
	return nil
}

// choseLanes says where a try counts. Whether the browser is known is asked
// for nobody too.
func (a *attempt) choseLanes(ctx context.Context, m *meant) error {
	known := false
	browser := ""
	if a.from.Browser != "" {
		var err error
		browser = a.service.Store.Keys().BrowserHash(a.from.Browser)
		if known, err = m.scope.KnownBrowser(ctx, m.user.ID, browser); err != nil {
			return err
		}
	}
	m.lanes = a.lanes(m, policy.Lanes(m.tenant.Policy, known), browser)
	if known { // its failures count for the source too, which does not hold it back
		strangers := a.lanes(m, policy.Lanes(m.tenant.Policy, false), browser)
		m.failing = slices.DeleteFunc(strangers, func(l store.Lane) bool { return l.Name != policy.LaneSource })
	}
	return nil
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

// match computes the slow hash, behind the gate, once for all who share it. A
// try that found no room is given back.
func (a *attempt) match(ctx context.Context) error {
	computed := a.affordable()
	err := a.place.Do(ctx, func() {
		for i, matched := range secret.MatchAny(a.password, hashes(computed)) {
			computed[i].matched = matched
			a.improve(computed[i])
		}
	})
	if err == nil {
		return nil
	}
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	for _, m := range a.meant {
		rerr := m.scope.Tx(finish, func(tx *store.Tx) error { return tx.RefundTry(finish, m.lanes, a.now) })
		err = errors.Join(err, rerr)
	}
	return err
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
