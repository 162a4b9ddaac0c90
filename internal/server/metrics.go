package server

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/secret"
)

// countSignIns counts tries at the door by what came of them.
func countSignIns(m *front.Metrics) func(outcome string) {
	tries := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "vestibule_sign_ins_total",
		Help: "Tries at the door, by outcome: ok, or the code of a problem.",
	}, []string{"outcome"})
	m.Register(tries)
	return func(outcome string) { tries.WithLabelValues(outcome).Inc() }
}

func watchGate(m *front.Metrics, gate *secret.Gate) {
	m.Gauge("vestibule_password_hashes_running", "Password hashes being computed.",
		func() float64 { return float64(gate.Running()) })
	m.Gauge("vestibule_password_hashes_waiting", "Requests waiting for a password hash to be computed.",
		func() float64 { return float64(gate.Waiting()) })
}
