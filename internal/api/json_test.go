package api

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

type named struct {
	Nick string `json:"nick,omitzero"`
}

type sample struct {
	named
	Email  string            `json:"email,omitzero"`
	Role   *string           `json:"role,omitzero"`
	Count  int8              `json:"count,omitzero"`
	Size   uint              `json:"size,omitzero"`
	Share  float64           `json:"share,omitzero"`
	On     bool              `json:"on,omitzero"`
	Tags   []string          `json:"tags,omitzero"`
	Pair   *[2]int           `json:"pair,omitzero"`
	Data   []byte            `json:"data,omitzero"`
	Detail map[string]string `json:"detail,omitzero"`
	Inner  *sample           `json:"inner,omitzero"`
	List   []named           `json:"list,omitzero"`
	Wait   identity.Duration `json:"wait,omitzero"`
	At     time.Time         `json:"at,omitzero"`
	Any    any               `json:"any,omitzero"`
	Raw    json.RawMessage   `json:"raw,omitzero"`
	Hidden string            `json:"-"`
	secret string
}

func request(body string) *http.Request {
	r := httptest.NewRequest("POST", "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return r
}

func deep(levels int) string {
	return `{"any":` + strings.Repeat("[", levels-1) + strings.Repeat("]", levels-1) + `}`
}

func TestReadAccepts(t *testing.T) {
	member := "member"
	for _, test := range []struct {
		name, body string
		want       sample
	}{
		{"nothing", `{}`, sample{}},
		{"white space around", " \n{ \"email\" : \"a\" }\t", sample{Email: "a"}},
		{"embedded", `{"nick":"a"}`, sample{named: named{"a"}}},
		{"escaped name", `{"\u0065mail":"a"}`, sample{Email: "a"}},
		{"escaped backslash before u", `{"email":"\\u0000\\ud800"}`, sample{Email: `\u0000\ud800`}},
		{"surrogate pair", `{"email":"\ud83d\ude00"}`, sample{Email: "😀"}},
		{"pointer", `{"role":"member"}`, sample{Role: &member}},
		{"null for a pointer", `{"role":null}`, sample{}},
		{"numbers", `{"count":-128,"size":7,"share":1.5e3}`, sample{Count: -128, Size: 7, Share: 1500}},
		{"truth", `{"on":true}`, sample{On: true}},
		{"lists", `{"tags":["a","b"],"list":[{"nick":"a"},{}],"pair":[1,2]}`, sample{Tags: []string{"a", "b"}, List: []named{{"a"}, {}}, Pair: &[2]int{1, 2}}},
		{"base64", `{"data":"AQI="}`, sample{Data: []byte{1, 2}}},
		{"map with names that only differ in case", `{"detail":{"a":"1","A":"2"}}`, sample{Detail: map[string]string{"a": "1", "A": "2"}}},
		{"nested", `{"inner":{"email":"a","inner":{"nick":"b"}}}`, sample{Inner: &sample{Email: "a", Inner: &sample{named: named{"b"}}}}},
		{"duration", `{"wait":"30m"}`, sample{Wait: identity.Duration(30 * time.Minute)}},
		{"time", `{"at":"2030-01-02T12:00:00Z"}`, sample{At: time.Date(2030, 1, 2, 12, 0, 0, 0, time.UTC)}},
		{"anything", `{"any":{"a":[null,1,"x"]},"raw":{"b":[2]}}`, sample{Any: map[string]any{"a": []any{nil, 1.0, "x"}}, Raw: json.RawMessage(`{"b":[2]}`)}},
		{"sixteen levels", deep(16), sample{}},
		{"64 KiB", `{"email":"a"}` + strings.Repeat(" ", front.MaxBody-13), sample{Email: "a"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got sample
			if err := Read(request(test.body), &got); err != nil {
				t.Fatal(err, problem.Of(err).Fields)
			}
			if strings.HasPrefix(test.body, `{"any":[`) {
				got.Any = nil
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(sample{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadNamesWhatIsWrong(t *testing.T) {
	for _, test := range []struct{ name, body, location, says string }{
		{"unknown", `{"emial":"a"}`, "body.emial", "no such name"},
		{"case variant", `{"Email":"a"}`, "body.Email", "written email"},
		{"case variant beside the right one", `{"role":"member","RoLe":"owner"}`, "body.RoLe", "written role"},
		{"repeated", `{"role":"member","role":"owner"}`, "body.role", "more than once"},
		{"repeated in disguise", `{"role":"member","r\u006fle":"owner"}`, "body.role", "more than once"},
		{"repeated after null", `{"role":null,"role":"owner"}`, "body.role", "more than once"},
		{"embedded, case variant", `{"NICK":"a"}`, "body.NICK", "written nick"},
		{"inside an object", `{"inner":{"email":"a","email":"b"}}`, "body.inner.email", "more than once"},
		{"inside an object, unknown", `{"inner":{"x":1}}`, "body.inner.x", "no such name"},
		{"inside a list", `{"list":[{},{"Nick":"a"}]}`, "body.list[1].Nick", "written nick"},
		{"inside a map", `{"detail":{"a":"1","a":"2"}}`, "body.detail.a", "more than once"},
		{"inside anything", `{"any":[{"a":[{"b":1,"b":2}]}]}`, "body.any[0].a[0].b", "more than once"},
		{"inside raw", `{"raw":{"b":1,"b":2}}`, "body.raw.b", "more than once"},
		{"hidden field by its Go name", `{"Hidden":"a"}`, "body.Hidden", "no such name"},
		{"hidden field by its tag", `{"-":"a"}`, "body.-", "no such name"},
		{"unexported field", `{"secret":"a"}`, "body.secret", "no such name"},
		{"embedded type by its name", `{"named":{}}`, "body.named", "no such name"},

		{"null for text", `{"email":null}`, "body.email", "not be null"},
		{"null in a list", `{"tags":["a",null]}`, "body.tags[1]", "not be null"},
		{"null for a list", `{"tags":null}`, "body.tags", "not be null"},
		{"null for a time", `{"at":null}`, "body.at", "not be null"},
		{"null for everything", `null`, "body", "not be null"},

		{"a list for everything", `[]`, "body", "must be an object"},
		{"text for everything", `"hunter2"`, "body", "must be an object"},
		{"number for text", `{"email":1}`, "body.email", "must be text"},
		{"object for text", `{"email":{"a":1}}`, "body.email", "must be text"},
		{"list for text", `{"role":["hunter2"]}`, "body.role", "must be text"},
		{"text for a number", `{"count":"hunter2"}`, "body.count", "must be a whole number"},
		{"fraction for a whole number", `{"count":1.5}`, "body.count", "must be a whole number"},
		{"out of range", `{"count":128}`, "body.count", "range"},
		{"negative size", `{"size":-1}`, "body.size", "range"},
		{"endless number", `{"share":1e999}`, "body.share", "range"},
		{"endless number anywhere", `{"any":1e999}`, "body.any", "range"},
		{"number for truth", `{"on":1}`, "body.on", "true or false"},
		{"object for a list", `{"list":{}}`, "body.list", "must be a list"},
		{"three for a pair", `{"pair":[1,2,3]}`, "body.pair", "list of 2"},
		{"no base64", `{"data":"hunter2!"}`, "body.data", "must be base64"},
		{"no duration", `{"wait":"hunter2"}`, "body.wait", "must be text in the form"},
		{"number for a duration", `{"wait":1800}`, "body.wait", "must be text"},
		{"no time", `{"at":"hunter2"}`, "body.at", "must be text in the form"},
		{"NUL", `{"email":"hunter2\u0000"}`, "body.email", "NUL"},
		{"NUL in a name", `{"detail":{"hunter2\u0000":"a"}}`, "body.detail", "NUL"},
		{"strange name", `{"hunter2 is mine":1}`, "body", "a name in it"},
		{"long name", `{"` + strings.Repeat("hunter2", 9) + `":1}`, "body", "a name in it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			kept := sample{Email: "before", secret: "kept"}
			err := Read(request(test.body), &kept)
			if !errors.Is(err, ErrBody) {
				t.Fatalf("error %v", err)
			}
			fields := problem.Of(err).Fields
			if len(fields) != 1 || fields[0].Location != test.location || !strings.Contains(fields[0].Message, test.says) {
				t.Errorf("fields %q, want %s: … %s", fields, test.location, test.says)
			}
			if all := err.Error() + fields[0].Location + fields[0].Message; strings.Contains(all, "hunter2") {
				t.Errorf("repeats what was sent: %s", all)
			}
			if kept.Email != "before" || kept.Role != nil || kept.secret != "kept" {
				t.Errorf("half decoded: %+v", kept)
			}
		})
	}
}

func TestReadNamesEveryFaultToALimit(t *testing.T) {
	err := Read(request(`{"email":1,"count":"a","x":0}`), &sample{})
	if fields := problem.Of(err).Fields; len(fields) != 3 {
		t.Errorf("%q", fields)
	}
	err = Read(request(`{"tags":[`+strings.Repeat("1,", 500)+`1]}`), &sample{})
	if fields := problem.Of(err).Fields; len(fields) != maxFaults {
		t.Errorf("%d faults", len(fields))
	}
}

func TestReadRefusesWhatIsNotJSON(t *testing.T) {
	for _, test := range []struct {
		name, body, says string
		want             *problem.Problem
	}{
		{"empty", "", "empty", ErrNotJSON},
		{"white space", " ", "from byte 1", ErrNotJSON},
		{"a form", "email=hunter2", "from byte 1", ErrNotJSON},
		{"broken off", `{"email":"hunter2`, "from byte 17", ErrNotJSON},
		{"single quotes", `{'email':'a'}`, "from byte 2", ErrNotJSON},
		{"two values", `{}{}`, "from byte 3", ErrNotJSON},
		{"something after", `{} x`, "from byte 4", ErrNotJSON},
		{"trailing comma", `{"email":"a",}`, "from byte 14", ErrNotJSON},
		{"byte order mark", "\ufeff{}", "from byte 1", ErrNotJSON},
		{"NaN", `{"share":NaN}`, "from byte 10", ErrNotJSON},
		{"control character in text", "{\"email\":\"a\nb\"}", "from byte 12", ErrNotJSON},
		{"not UTF-8", "{\"email\":\"\xff\"}", "UTF-8", ErrNotJSON},
		{"overlong UTF-8", "{\"email\":\"\xc0\x80\"}", "UTF-8", ErrNotJSON},
		{"first half of a pair", `{"email":"\ud83d"}`, "byte 11", ErrNotJSON},
		{"first half, then something else", `{"email":"\ud83d\u0041"}`, "byte 11", ErrNotJSON},
		{"second half of a pair", `{"email":"ab\ude00"}`, "byte 13", ErrNotJSON},
		{"halves the wrong way round", `{"email":"\ude00\ud83d"}`, "byte 11", ErrNotJSON},
		{"half a pair in a name", `{"any":{"\ud83d":1}}`, "byte 10", ErrNotJSON},
		{"seventeen levels", deep(17), "deeper than 16", ErrNotJSON},
		{"very deep", strings.Repeat("[", 60000), "from byte", ErrNotJSON},
		{"64 KiB and a byte", `{"email":"a"}` + strings.Repeat(" ", front.MaxBody-12), "64 KiB", front.ErrTooLarge},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := Read(request(test.body), &sample{})
			if !errors.Is(err, test.want) {
				t.Fatalf("error %v", err)
			}
			if says := problem.Of(err).Message; !strings.Contains(says, test.says) || strings.Contains(says, "hunter2") {
				t.Errorf("says %q, want … %q", says, test.says)
			}
		})
	}
}

func TestReadTakesNoMoreThanItMust(t *testing.T) {
	endless := &io.LimitedReader{R: zeros{}, N: math.MaxInt64}
	r := httptest.NewRequest("POST", "/", endless)
	r.Header.Set("Content-Type", "application/json")
	if err := Read(r, &sample{}); !errors.Is(err, front.ErrTooLarge) {
		t.Errorf("chunked: %v", err)
	}
	if read := math.MaxInt64 - endless.N; read > front.MaxBody+1 {
		t.Errorf("read %d bytes", read)
	}
	r = request("{}")
	r.ContentLength, r.Body = front.MaxBody+1, io.NopCloser(iotest.ErrReader(errors.New("was read")))
	if err := Read(r, &sample{}); !errors.Is(err, front.ErrTooLarge) {
		t.Errorf("declared: %v", err)
	}
	r = request("{}")
	r.Body = http.MaxBytesReader(nil, r.Body, 1)
	if err := Read(r, &sample{}); !errors.Is(err, front.ErrTooLarge) {
		t.Errorf("limited by somebody above: %v", err)
	}
	r = request("{}")
	r.Body = io.NopCloser(iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("{}"))))
	if err := Read(r, &sample{}); !errors.Is(err, ErrNotJSON) {
		t.Errorf("broken off: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestReadContentType(t *testing.T) {
	for _, test := range []struct {
		name   string
		header http.Header
		ok     bool
	}{
		{"JSON", http.Header{"Content-Type": {"application/json"}}, true},
		{"capitals", http.Header{"Content-Type": {"Application/JSON"}}, true},
		{"UTF-8", http.Header{"Content-Type": {`application/json; charset="UTF-8"`}}, true},
		{"uncompressed", http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"identity"}}, true},
		{"none", http.Header{}, false},
		{"text, which any form can send", http.Header{"Content-Type": {"text/plain"}}, false},
		{"a form", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, false},
		{"another JSON", http.Header{"Content-Type": {"application/problem+json"}}, false},
		{"other charset", http.Header{"Content-Type": {"application/json; charset=utf-16"}}, false},
		{"other parameter", http.Header{"Content-Type": {"application/json; boundary=x"}}, false},
		{"one parameter too many", http.Header{"Content-Type": {"application/json; charset=utf-8; a=b"}}, false},
		{"two in one", http.Header{"Content-Type": {"application/json, text/plain"}}, false},
		{"two headers", http.Header{"Content-Type": {"application/json", "text/plain"}}, false},
		{"garbage", http.Header{"Content-Type": {"application/json; ="}}, false},
		{"compressed", http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := request(`{"email":"a"}`)
			r.Header = test.header
			err := Read(r, &sample{})
			if test.ok && err != nil || !test.ok && !errors.Is(err, front.ErrContentType) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestWrite(t *testing.T) {
	w := httptest.NewRecorder()
	if err := Write(w, 201, map[string]string{"a": "<b>"}); err != nil {
		t.Fatal(err)
	}
	if w.Code != 201 || w.Body.String() != `{"a":"\u003cb\u003e"}`+"\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if h := w.Header(); h.Get("Content-Type") != "application/json" || h.Get("Content-Length") != "22" {
		t.Errorf("%v", h)
	}
	w = httptest.NewRecorder()
	if err := Write(w, 200, math.NaN()); err == nil || w.Body.Len() > 0 || len(w.Header()) > 0 {
		t.Errorf("%v; %v %s", err, w.Header(), w.Body)
	}
}
