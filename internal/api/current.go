package api

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store"
)

// currentSession is asked more often than everything else together, and mostly
// about sessions that have not changed since they were asked about last.
func (a *API) currentSession(w http.ResponseWriter, _ *http.Request, v *front.Visit) error {
	answer, err := a.current.about(v.Live)
	if err != nil {
		return err
	}
	h := w.Header()
	h["Content-Type"], h["Content-Length"] = contentJSON, answer.length
	w.WriteHeader(http.StatusOK)
	w.Write(answer.body) // the caller is gone if this fails; there is nobody to tell
	return nil
}

var contentJSON = []string{"application/json"}

// currentAnswers keeps the last answers beside what each was made from: one
// made from anything else is not taken.
type currentAnswers struct {
	mu   sync.Mutex
	kept map[identity.SessionID]*madeAnswer
}

type madeAnswer struct {
	from   store.Live
	body   []byte
	length []string // of body, as a header has it
}

// maxCurrent bounds what is kept: some kilobytes each.
const maxCurrent = 2048

func (c *currentAnswers) about(live store.Live) (*madeAnswer, error) {
	c.mu.Lock()
	made := c.kept[live.Session.ID]
	c.mu.Unlock()
	if made != nil && made.from == live {
		return made, nil
	}
	body, err := json.Marshal(currentOf(live))
	if err != nil {
		return nil, err
	}
	body = append(body, '\n')
	made = &madeAnswer{from: live, body: body, length: []string{strconv.Itoa(len(body))}}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil || len(c.kept) >= maxCurrent {
		c.kept = map[identity.SessionID]*madeAnswer{}
	}
	c.kept[live.Session.ID] = made
	return made, nil
}

func currentOf(live store.Live) currentAnswer {
	permissions := slices.AppendSeq([]string{}, live.Role.Permissions.All())
	return currentAnswer{
		Session: sessionOf(live.Session, true), User: userOf(live.User), Tenant: tenantOf(live.Tenant), Permissions: permissions,
	}
}
