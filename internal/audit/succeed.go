package audit

import (
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// A Successor is a chain made here of one that another installation had: the
// same events in the same places, sealed with this installation's key.
type Successor struct {
	chain chain
	head  store.ChainHead
}

// Succeed begins a chain where the other one begins since its oldest events
// were given up: behind the place and the mac it had there.
func Succeed(t store.Tenant, basePlace int64, baseMAC []byte) *Successor {
	s := &Successor{chain: chainOf(t)}
	baseMAC = append([]byte{}, baseMAC...) // never nil, which no database takes
	s.head = store.ChainHead{Place: basePlace, MAC: baseMAC, BasePlace: basePlace, BaseMAC: baseMAC, BaseSeal: []byte{}}
	if basePlace > 0 {
		s.head.BaseSeal = s.chain.begins(s.head)
	}
	return s
}

// Place gives the next event its place. What stands for personal parts that
// were erased there stands for them here.
func (s *Successor) Place(l *store.ChainLine) {
	l.Place, l.EventID, l.Salt, l.Erased = s.head.Place+1, l.Event.ID, secret.NewSalt(), []byte{}
	if len(l.Personal) > 0 {
		l.Salt, l.Erased = []byte{}, s.chain.erased(*l)
	} else {
		l.Personal = []byte{}
	}
	l.MAC = s.chain.mac(*l, s.head.MAC)
	s.head.Place, s.head.MAC = l.Place, l.MAC
}

// Head is where the chain ends by now.
func (s *Successor) Head() store.ChainHead { return s.head }
