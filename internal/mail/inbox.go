package mail

import (
	"context"
	"slices"
	"sync"
	"time"
)

// inboxSize is how many letters an Inbox keeps: the newest.
const inboxSize = 200

// An Inbox takes letters instead of a mail server, for the demo, where they
// can be read. It forgets them with the process.
type Inbox struct {
	Sender Sender
	Now    func() time.Time

	mu   sync.Mutex
	last int
	kept []Received // the oldest first
}

// A Received is a letter in the inbox.
type Received struct {
	Letter
	Number int // 1, 2, 3 …
	Came   time.Time
	Raw    []byte // as it would have travelled
}

// Send keeps a letter; the same one a second time takes the place of the first.
func (i *Inbox) Send(_ context.Context, l Letter) (answer string, err error) {
	raw, err := i.Sender.Write(l)
	if err != nil {
		return "", &Refusal{Answer: err.Error(), Permanent: true}
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.kept = slices.DeleteFunc(i.kept, func(r Received) bool { return l.Token != "" && r.Token == l.Token })
	i.last++
	i.kept = append(i.kept, Received{Letter: l, Number: i.last, Came: i.Now(), Raw: raw})
	if len(i.kept) > inboxSize {
		i.kept = slices.Delete(i.kept, 0, len(i.kept)-inboxSize)
	}
	return "250 kept in the inbox of the demo", nil
}

// List is what is there, the newest first.
func (i *Inbox) List() []Received {
	i.mu.Lock()
	defer i.mu.Unlock()
	list := slices.Clone(i.kept)
	slices.Reverse(list)
	return list
}

// Get finds a letter by its number.
func (i *Inbox) Get(number int) (Received, bool) {
	for _, one := range i.List() {
		if one.Number == number {
			return one, true
		}
	}
	return Received{}, false
}
