package web

import (
	"fmt"
	"html"
	"net/http"

	"github.com/vestibule-id/vestibule/internal/front"
)

// A Notebook is a page with a form such as any page may have: what binds it,
// what fills it in again and what happens to what is sent are the house's own.
type Notebook struct {
	*Pages
	Sent []string // the notes that were executed
}

// Routes are the page's.
func (n *Notebook) Routes() []front.Route {
	return []front.Route{
		front.Get("/note", front.SignedIn, n.opened(n.show)),
		front.Get("/diary", front.SignedIn, n.opened(n.show)),
		front.Post("/note", front.SignedIn, n.sent(n.send)),
	}
}

func (n *Notebook) show(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	var around frame
	f, err := n.refill(r, v, &around)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s\n<input type=\"hidden\" name=\"form_token\" value=\"%s\">\n<input type=\"hidden\" name=\"form_page\" value=\"%s\">\n",
		around.Note, n.formToken(v), html.EscapeString(v.Page))
	for _, name := range []string{"text", "new_password", "form_token"} {
		fmt.Fprintf(w, "%s=%q\n", name, f[name])
	}
	return nil
}

func (n *Notebook) send(w http.ResponseWriter, r *http.Request, v *front.Visit, f form) error {
	n.Sent = append(n.Sent, f["text"])
	fmt.Fprintln(w, "written, from", v.Page)
	return nil
}
