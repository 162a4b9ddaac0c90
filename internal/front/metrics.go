package front

import (
	"maps"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics counts what passes the door, in a registry of its own, so that two
// servers in one process (as in the tests) do not meet.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

// NewMetrics also watches the process and the Go runtime.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "vestibule_http_requests_total",
			Help: "Answers given, by route and HTTP status.",
		}, []string{"route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "vestibule_http_request_seconds",
			Help: "Time from the request's header to the end of its answer, by route.",
			// From a session check to a password hash that stood in a queue.
			Buckets: []float64{.0001, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"route"}),
	}
	m.Register(m.requests, m.seconds, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Register adds collectors. Two of one name are a mistake in the program, which
// panics.
func (m *Metrics) Register(c ...prometheus.Collector) { m.registry.MustRegister(c...) }

// Gauge adds a number that goes up and down; read is called at every scrape and
// must be quick and safe for concurrent use. The name is in Prometheus' style,
// with its unit ("vestibule_outbox_waiting_letters").
func (m *Metrics) Gauge(name, help string, read func() float64) {
	m.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read))
}

// ServeHTTP answers a scrape. Serve it on the operator's listener only.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}).ServeHTTP(w, r)
}

// RouteMetrics counts one route. Looking up labels costs more than counting, so
// it is done once for a route and status, at its first answer: most routes are
// there to refuse a method and are never asked.
type RouteMetrics struct {
	pattern string
	metrics *Metrics
	seen    atomic.Pointer[answered]
}

// answered is what a route has been seen to answer. It is never changed, only
// replaced by one that knows more.
type answered struct {
	seconds  prometheus.Observer
	byStatus map[int]prometheus.Counter
}

// Route is asked once for every line of a route table. pattern is the route's
// own ("GET /users/{id}"), never a request's path, which would make endless
// labels and may hold a secret.
func (m *Metrics) Route(pattern string) *RouteMetrics {
	return &RouteMetrics{pattern: pattern, metrics: m}
}

// Observe counts one answer. What is no status at all counts as 500.
func (m *RouteMetrics) Observe(status int, took time.Duration) {
	if status < 100 || status > 599 {
		status = http.StatusInternalServerError
	}
	seen := m.seen.Load()
	if seen == nil || seen.byStatus[status] == nil {
		seen = m.learn(status)
	}
	seen.byStatus[status].Inc()
	seen.seconds.Observe(took.Seconds())
}

// learn adds a status. Of two at once one may be forgotten and learned again;
// the counters are the registry's and the same.
func (m *RouteMetrics) learn(status int) *answered {
	more := &answered{seconds: m.metrics.seconds.WithLabelValues(m.pattern), byStatus: map[int]prometheus.Counter{}}
	if seen := m.seen.Load(); seen != nil {
		maps.Copy(more.byStatus, seen.byStatus)
	}
	more.byStatus[status] = m.metrics.requests.WithLabelValues(m.pattern, strconv.Itoa(status))
	m.seen.Store(more)
	return more
}
