package server

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// newMetrics are those of the front door, with which version runs.
func newMetrics(version string) *front.Metrics {
	m := front.NewMetrics()
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "vestibule_build_info",
		Help:        "1; the label says which version runs.",
		ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	m.Register(build)
	return m
}

// usualOutcomes are what tries at the door come to as a rule, and what alarms
// are about. They are there at 0 from the start, so that the first of them is a
// rise.
var usualOutcomes = []string{
	"ok", "internal", policy.ErrRefused.Code, policy.ErrWait.Code, policy.ErrSuspended.Code, policy.ErrChangeRequired.Code,
	policy.ErrChoose.Code, secret.ErrBusy.Code, secret.ErrPasswordText.Code,
}

// countSignIns counts tries at the door by what came of them.
func countSignIns(m *front.Metrics) func(outcome string) {
	tries := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "vestibule_sign_ins_total",
		Help: "Tries at the door, by outcome: ok, or the code of a problem.",
	}, []string{"outcome"})
	m.Register(tries)
	for _, outcome := range usualOutcomes {
		tries.WithLabelValues(outcome)
	}
	return func(outcome string) { tries.WithLabelValues(outcome).Inc() }
}

func watchGate(m *front.Metrics, gate *secret.Gate) {
	m.Gauge("vestibule_password_hashes_running", "Password hashes being computed.",
		func() float64 { return float64(gate.Running()) })
	m.Gauge("vestibule_password_hashes_waiting", "Requests waiting for a password hash to be computed.",
		func() float64 { return float64(gate.Waiting()) })
}

const (
	lettersTold = 15 * time.Second // how old what is told of waiting letters may be
	mostLetters = 10_000           // how many are counted
)

// waiting is how many letters had not left when the server last looked. It
// looks by itself: a scrape never waits for the database.
type waiting struct {
	store *store.Store
	count atomic.Int64
	since atomic.Int64 // when the oldest was made, in Unix milliseconds; 0: none waits
}

func watchLetters(m *front.Metrics, o Options) *waiting {
	w := &waiting{store: o.Store}
	m.Gauge("vestibule_letters_waiting", "Letters neither sent nor given up, in all tenants.",
		func() float64 { return float64(w.count.Load()) })
	m.Gauge("vestibule_letters_oldest_seconds", "Age of the oldest letter that waits; 0 where none does.", func() float64 {
		since := w.since.Load()
		if since == 0 {
			return 0
		}
		return max(0, o.Now().Sub(time.UnixMilli(since)).Seconds())
	})
	return w
}

func (w *waiting) look(ctx context.Context) error {
	n, oldest, err := w.store.WaitingLetters(ctx, mostLetters)
	if err != nil {
		return err
	}
	since := int64(0)
	if n > 0 {
		if made, err := identity.Made(oldest); err == nil {
			since = made.UnixMilli()
		}
	}
	w.count.Store(n)
	w.since.Store(since)
	return nil
}
