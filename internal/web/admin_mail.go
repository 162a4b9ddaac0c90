package web

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
)

const (
	mailPath    = "/admin/mail"
	pageLetters = 50 // on one page of the list
)

func (p *Pages) mailRoutes() []front.Route {
	return []front.Route{front.Get(mailPath, front.Can(policy.MailsRead), p.opened(p.mails))}
}

type mailPage struct {
	frame
	Filter  admin.MailFilter
	Wrong   map[string]string // what is wrong with a filter, by its name
	Letters []listedLetter
	Next    string // the address of the next page; "" on the last
	First   string // of the first; "" on it

	MaySee bool // the users the letters are about
}

// A listedLetter is a line of the list.
type listedLetter struct{ identity.Letter }

// letterWords say what a letter is about.
var letterWords = map[string]string{
	identity.LetterName(identity.LetterReset):           "Link to a new password",
	identity.LetterName(identity.LetterInvitation):      "Invitation",
	identity.LetterName(identity.LetterPasswordChanged): "Notice of a changed password",
	identity.LetterName(identity.LetterAddressChanged):  "Notice of a changed address",
	identity.LetterName(identity.LetterAddressConfirm):  "Link to confirm an address",
	identity.LetterName(identity.LetterAddressUndo):     "Notice of a changed address, with a way back",
	identity.LetterName(identity.LetterNewBrowser):      "Notice of a sign-in from a new device",
	identity.LetterName(identity.LetterTokenReuse):      "Notice of a copied session",
}

// Words say what the letter is about.
func (l listedLetter) Words() string {
	if words := letterWords[l.Kind]; words != "" {
		return words
	}
	return l.Kind
}

// Mood is the colour of the state.
func (l listedLetter) Mood() string {
	switch l.State {
	case identity.LetterSent:
		return " good"
	case identity.LetterDeferred:
		return " warn"
	case identity.LetterFailed, identity.LetterBounced, identity.LetterExpired:
		return " bad"
	}
	return ""
}

// Meaning is what a state means, where its word leaves that open.
func (l listedLetter) Meaning() string {
	switch l.State {
	case identity.LetterQueued:
		return "Nobody has tried to send it yet."
	case identity.LetterDeferred:
		return "It is tried again."
	case identity.LetterBounced:
		return "The mail server took it, and it came back."
	case identity.LetterExpired:
		return "It was too late to send it."
	}
	return ""
}

// States are the choices of the filter.
func (mailPage) States() []identity.LetterState {
	return []identity.LetterState{identity.LetterSent, identity.LetterQueued, identity.LetterDeferred,
		identity.LetterFailed, identity.LetterBounced, identity.LetterExpired}
}

// mails shows what became of the tenant's letters, never what they say: a link
// in one would be good for whoever reads it here.
func (p *Pages) mails(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	v.Page = localPath(r.URL.RequestURI())
	query := r.URL.Query()
	pg := mailPage{frame: p.room("Mail", v), Wrong: map[string]string{}, MaySee: allowed(v, policy.UsersRead),
		Filter: admin.MailFilter{Search: only(query, "q"), State: only(query, "state"), User: only(query, "user"),
			Cursor: only(query, "cursor"), Limit: pageLetters}}
	list, err := p.Admin.Mails(r.Context(), p.office(v), v.Actor, pg.Filter)
	if errors.Is(err, problem.NotFound) { // a place that is gone is the beginning
		pg.Filter.Cursor = ""
		list, err = p.Admin.Mails(r.Context(), p.office(v), v.Actor, pg.Filter)
	}
	status := http.StatusOK
	switch about := again(err); {
	case about != nil:
		status = front.Status(about.Kind)
		for _, field := range about.Fields {
			pg.Wrong[field.Location[len("query."):]] = field.Message
		}
	case err != nil:
		return err
	}
	for _, l := range list.Letters {
		pg.Letters = append(pg.Letters, listedLetter{l})
	}
	if list.Next != "" {
		pg.Next = pg.address(list.Next)
	}
	if pg.Filter.Cursor != "" {
		pg.First = pg.address("")
	}
	return render(w, status, pg)
}

// address is where the same list is, from a place on.
func (pg mailPage) address(cursor string) string {
	query := url.Values{}
	for name, value := range map[string]string{"q": pg.Filter.Search, "state": pg.Filter.State, "user": pg.Filter.User, "cursor": cursor} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if len(query) == 0 {
		return mailPath
	}
	return mailPath + "?" + query.Encode()
}
