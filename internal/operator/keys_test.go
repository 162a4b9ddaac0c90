package operator_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/operator"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// states are the keys' states in the order they become active.
func states(t *testing.T, svc *operator.Service) string {
	t.Helper()
	list, err := svc.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, k := range list {
		words = append(words, string(k.State))
	}
	return strings.Join(words, " ")
}

// Proves: W9, 2.3, 2.7
func TestKeysLife(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		now := noon
		svc := service(s)
		svc.Now = func() time.Time { return now }
		rotate := func(atOnce bool) func() error {
			return func() error { _, err := svc.RotateKey(t.Context(), atOnce); return err }
		}
		revoke := func(state operator.KeyState) func() error {
			return func() error {
				list, err := svc.Keys(t.Context())
				if err != nil {
					return err
				}
				for _, k := range list {
					if k.State == state {
						return svc.RevokeKey(t.Context(), k.ID)
					}
				}
				return fmt.Errorf("none is %s", state)
			}
		}
		for _, step := range []struct {
			name  string
			after time.Duration
			act   func() error
			err   error
			want  string
		}{
			{"the first signs at once", 0, func() error { return svc.EnsureKey(t.Context()) }, nil, "signing"},
			{"there is one", 0, func() error { return svc.EnsureKey(t.Context()) }, nil, "signing"},
			{"the next is published", time.Hour, rotate(false), nil, "signing upcoming"},
			{"one next is enough", 0, rotate(false), operator.ErrKeyUpcoming, "signing upcoming"},
			{"not yet", 24*time.Hour - time.Second, rotate(false), operator.ErrKeyUpcoming, "signing upcoming"},
			{"a day later it signs, and another comes", time.Second, rotate(false), nil, "retired signing upcoming"},
			{"at once", time.Hour, rotate(true), nil, "retired retired signing upcoming"},
			{"revoke the signing one: an older one signs", 0, revoke(operator.KeySigning), nil, "retired signing revoked upcoming"},
			{"revoke it too", 0, revoke(operator.KeySigning), nil, "signing revoked revoked upcoming"},
			{"a revoked one", 0, revoke(operator.KeyRevoked), operator.ErrKeyRevoked, "signing revoked revoked upcoming"},
			{"the last active one: a new one signs at once", time.Minute, revoke(operator.KeySigning), nil, "revoked revoked revoked signing upcoming"},
			{"revoke the next one", 0, revoke(operator.KeyUpcoming), nil, "revoked revoked revoked signing revoked"},
			{"whom there is not", 0, func() error { return svc.RevokeKey(t.Context(), "key_0") }, operator.ErrNoKey, "revoked revoked revoked signing revoked"},
		} {
			now = now.Add(step.after)
			if err := step.act(); !errors.Is(err, step.err) || (err == nil) != (step.err == nil) {
				t.Fatalf("%s: %v", step.name, err)
			}
			if got := states(t, svc); got != step.want {
				t.Fatalf("%s: %s, want %s", step.name, got, step.want)
			}
		}
		list, err := s.SigningKeys(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range list {
			if revoked := !k.RevokedAt.IsZero(); revoked == (len(k.Private) > 0) {
				t.Errorf("a revoked key's private half is erased, and no other's: %s", k.ID)
			}
		}
		told := map[string]int{}
		for _, e := range events(t, s.Nowhere()) {
			told[e.Kind]++
			if e.Detail["kid"] == "" {
				t.Errorf("event %+v", e)
			}
		}
		if told[identity.EventKeyCreated] != 5 || told[identity.EventKeyRevoked] != 4 {
			t.Errorf("events %v", told)
		}
	})
}

// Proves: W9, 2.7
func TestNodesAgreeOnTheFirstKey(t *testing.T) {
	storetest.EachAddress(t, func(t *testing.T, address string) {
		errs := make([]error, 4)
		var all sync.WaitGroup
		for i := range errs {
			node := service(storetest.Open(t, address))
			all.Go(func() { errs[i] = node.EnsureKey(t.Context()) })
		}
		all.Wait()
		if got := states(t, service(storetest.Open(t, address))); errors.Join(errs...) != nil || got != "signing" {
			t.Errorf("keys: %s, %v", got, errors.Join(errs...))
		}
	})
}

// Nodes and people who rotate at the same moment publish one next key.
//
// Proves: W9, 2.7
func TestNodesRotateOnce(t *testing.T) {
	storetest.EachAddress(t, func(t *testing.T, address string) {
		now := noon
		var nodes []*operator.Service
		for range 3 {
			node := service(storetest.Open(t, address))
			node.Now = func() time.Time { return now }
			if err := node.EnsureKey(t.Context()); err != nil {
				t.Fatal(err)
			}
			nodes = append(nodes, node)
		}
		for round := range 10 {
			errs := make([]error, len(nodes))
			var all sync.WaitGroup
			for i, node := range nodes {
				all.Go(func() { _, errs[i] = node.RotateKey(t.Context(), false) })
			}
			all.Wait()
			made := 0
			for _, err := range errs {
				if err == nil {
					made++
				} else if !errors.Is(err, operator.ErrKeyUpcoming) {
					t.Fatal(err)
				}
			}
			if made != 1 {
				t.Fatalf("round %d: %d next keys: %s", round, made, states(t, nodes[0]))
			}
			now = now.Add(25 * time.Hour)
		}
	})
}

// Proves: W9, 2.7
func TestTend(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		storetest.Twins(t, s)
		const day = 24 * time.Hour
		now := noon
		svc := service(s)
		svc.Now = func() time.Time { return now }
		for _, step := range []struct {
			name  string
			after time.Duration
			set   string // access-token-ttl of the tenant twin
			want  string
		}{
			{"at the first start", 0, "", "signing"},
			{"an hour later", time.Hour, "", "signing"},
			{"a moment before its time is up", 89*day - time.Hour - time.Second, "", "signing"},
			{"a day ahead the next is published", time.Second, "", "signing upcoming"},
			{"once", time.Hour, "", "signing upcoming"},
			{"after ninety days it signs", 23 * time.Hour, "", "retired signing"},
			{"tokens of the old one may live", day - time.Second, "", "retired signing"},
			{"for two days, where a tenant wants it", time.Second, "48h", "retired signing"},
			{"and a minute", day, "48h", "retired signing"},
			{"then it is forgotten", time.Minute, "48h", "signing"},
			{"after a year nobody has looked", 365 * day, "", "signing upcoming"},
		} {
			now = now.Add(step.after)
			if _, err := svc.SetTenant(t.Context(), "twin", []operator.Setting{{"access-token-ttl", step.set}}); err != nil {
				t.Fatal(err)
			}
			if err := svc.Tend(t.Context(), policy.Defaults()); err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
			if got := states(t, svc); got != step.want {
				t.Fatalf("%s: %s, want %s", step.name, got, step.want)
			}
		}
	})
}
