package front

import (
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func scrape(m *Metrics) string {
	w := httptest.NewRecorder()
	m.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}

func TestMetrics(t *testing.T) {
	m := NewMetrics()
	NewMetrics() // a second server in one process
	m.Gauge("vestibule_outbox_waiting_letters", "Letters waiting.", func() float64 { return 3 })
	route := m.Route("GET /users/{id}")
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { route.Observe(200, 3*time.Millisecond) })
	}
	all.Wait()
	route.Observe(404, time.Millisecond)
	route.Observe(0, time.Millisecond)
	m.Route("POST /login").Observe(303, 40*time.Millisecond)

	text := scrape(m)
	for _, line := range []string{
		`vestibule_http_requests_total{route="GET /users/{id}",status="200"} 50`,
		`vestibule_http_requests_total{route="GET /users/{id}",status="404"} 1`,
		`vestibule_http_requests_total{route="GET /users/{id}",status="500"} 1`,
		`vestibule_http_requests_total{route="POST /login",status="303"} 1`,
		`vestibule_http_request_seconds_bucket{route="GET /users/{id}",le="0.005"} 52`,
		`vestibule_http_request_seconds_count{route="POST /login"} 1`,
		`vestibule_outbox_waiting_letters 3`,
		`go_goroutines `,
	} {
		if !strings.Contains(text, line) {
			t.Errorf("no line %s", line)
		}
	}
	if gathered, err := prometheus.DefaultGatherer.Gather(); err != nil {
		t.Error(err)
	} else {
		for _, family := range gathered {
			if strings.HasPrefix(family.GetName(), "vestibule_") {
				t.Errorf("%s is in the process' default registry", family.GetName())
			}
		}
	}
}

func BenchmarkRouteMetrics(b *testing.B) {
	route := NewMetrics().Route("GET /authz/forward-auth")
	b.ReportAllocs()
	for b.Loop() {
		route.Observe(200, 50*time.Microsecond)
	}
}
