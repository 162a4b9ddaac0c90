package front

import (
	"errors"
	"net/http"
	"time"
)

// MoreTime gives a request that brings a file so long to arrive and be answered;
// others have less (package server). It bounds no context.
func MoreTime(w http.ResponseWriter, d time.Duration) error {
	control := http.NewResponseController(w)
	until := time.Now().Add(d)
	for _, set := range []func(time.Time) error{control.SetReadDeadline, control.SetWriteDeadline} {
		if err := set(until); err != nil && !errors.Is(err, http.ErrNotSupported) { // tests' recorders have none
			return err
		}
	}
	return nil
}
