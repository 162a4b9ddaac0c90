package web_test

import (
	"testing"

	"github.com/vestibule-id/vestibule/internal/identity"
)

// What a page says of failed tries is how often somebody failed, as the events
// below it show.
func TestFailedTriesOnThePageOfAUser(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		_, ann, boss, _ := bureau(t, s, identity.Workspace)
		page := "/admin/users/" + string(ann.ID)
		boss.get(page).expect(200, "<dt>Failed tries</dt><dd>0</dd>")
		stranger := s.browser(t)
		for _, told := range []string{"<dd>1</dd>", "<dd>2</dd>", "<dd>3</dd>", "<dd>4</dd>", "<dd>5 – somebody has to wait"} {
			stranger.post("/t/acme/login", "email=ann@acme.test", "password=wrong horse")
			boss.get(page).expect(200, "<dt>Failed tries</dt>"+told)
		}
		boss.act(page, page+"/unlock").arrive().expect(200, "<dt>Failed tries</dt><dd>0</dd>")
	})
}
