package checks_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"

	"github.com/canpull/canpull/checks"
)

// gate stands before the emulator for one account. It asks the emulator every question once, because nothing changes in
// the account meanwhile, and it can answer one action itself: the emulator's own denials are not those of AWS.
type gate struct {
	account string
	pass    http.Handler

	mu      sync.Mutex
	answers map[question]*httptest.ResponseRecorder
}

type question struct{ action, body string }

// refusal writes an answer that is none.
type refusal func(w http.ResponseWriter, service, action string)

func gateBefore(t *testing.T, a *account) *gate {
	t.Helper()
	emulator, err := url.Parse(emulated(t))
	if err != nil {
		t.Fatal(err)
	}
	return &gate{account: a.id, answers: map[question]*httptest.ResponseRecorder{},
		pass: &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(emulator) }}}
}

// closedFor returns a configuration that leads through the gate while the test runs. Requests for an action get the
// refusal; for "", none does.
func (g *gate) closedFor(t *testing.T, action string, refuse refusal) aws.Config {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		service, q := questionOf(r)
		if q.action == action {
			refuse(w, service, action)
			return
		}
		answer := g.ask(q, r)
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	}))
	t.Cleanup(server.Close)
	return configFor(server.URL, g.account)
}

func (g *gate) ask(q question, r *http.Request) *httptest.ResponseRecorder {
	g.mu.Lock()
	answer := g.answers[q]
	g.mu.Unlock()
	if answer == nil {
		answer = httptest.NewRecorder()
		g.pass.ServeHTTP(answer, r)
		g.mu.Lock()
		g.answers[q] = answer
		g.mu.Unlock()
	}
	return answer
}

// asked returns the actions that were asked for, sorted.
func (g *gate) asked() (actions []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for q := range g.answers {
		actions = append(actions, q.action)
	}
	slices.Sort(actions)
	return slices.Compact(actions)
}

// questionOf returns the service that a request is signed for, and what it asks by its IAM action.
func questionOf(r *http.Request) (service string, q question) {
	body, _ := io.ReadAll(r.Body) // half a request has no action
	r.Body = io.NopCloser(bytes.NewReader(body))
	if scope := strings.Split(r.Header.Get("Authorization"), "/"); len(scope) > 3 {
		service = scope[3]
	}
	target := r.Header.Get("X-Amz-Target")
	operation := target[strings.LastIndex(target, ".")+1:]
	if form, err := url.ParseQuery(string(body)); err == nil && operation == "" {
		operation = form.Get("Action")
	}
	return service, question{service + ":" + operation, string(body)}
}

// refusals are answers as AWS gives them, and one that comes from something before it.
var refusals = map[string]refusal{
	"denied": func(w http.ResponseWriter, service, action string) {
		switch service {
		case "ec2":
			refuseXML(w, http.StatusForbidden, `<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not authorized to perform this operation.
				User: arn:aws:iam::111122223333:user/reader is not authorized to perform: %s</Message></Error></Errors><RequestID>0</RequestID></Response>`, action)
		case "iam":
			refuseXML(w, http.StatusForbidden, `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>AccessDenied</Code>
				<Message>User: arn:aws:iam::111122223333:user/reader is not authorized to perform: %s</Message></Error><RequestId>0</RequestId></ErrorResponse>`, action)
		default:
			w.Header().Set("Content-Type", "application/x-amz-json-1.1")
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"__type": "AccessDeniedException", "Message": "User: arn:aws:iam::111122223333:user/reader is not authorized to perform: %s"}`, action)
		}
	},
	"denied without a code": func(w http.ResponseWriter, _, _ string) {
		refuseXML(w, http.StatusForbidden, `<Nothing>%s</Nothing>`, "")
	},
	"no answer of AWS's": func(w http.ResponseWriter, _, _ string) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, "<!doctype html><title>500 Internal Server Error</title>")
	},
}

func refuseXML(w http.ResponseWriter, status int, format, action string) {
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?>`+format, action)
}

// The law of the library, over HTTP and for every state: an answer that is missing never makes any other answer more
// certain.
func TestEmulatedDenialsMakeNothingMoreCertain(t *testing.T) {
	states := maps.Clone(healthy)
	for code, build := range undecided {
		states[string(code)] = build
	}
	for _, f := range broken {
		states[f.name] = func(a *account) loader {
			load, _ := f.build(a)
			return load
		}
	}
	allowed := checks.Actions(checks.Default(checks.Sources{})...)
	for name, build := range states {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			a.resolve("AmazonProvidedDNS") // so that the DHCP options are asked for
			a.embed("logs", `{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}`)
			load := build(a)
			gate := gateBefore(t, a)
			before, err := a.diagnose(t, gate.closedFor(t, "", nil), load)
			if err != nil {
				t.Fatal(err)
			}
			for _, action := range gate.asked() {
				if !slices.Contains(allowed, action) {
					t.Errorf("%s is called and is not among the actions that a user has to allow", action)
				}
				for answer, refuse := range refusals {
					if answer != "denied" && name != "NAT gateway" && name != "PrivateLink" {
						continue // to the decisions it is all the same why an answer is missing
					}
					t.Run(action+"/"+answer, func(t *testing.T) {
						after, err := a.diagnose(t, gate.closedFor(t, action, refuse), load)
						if err != nil { // without the answer there is no task to diagnose
							saysWhich(t, err, action)
							return
						}
						lessCertain(t, []string{action}, before, after)
					})
				}
			}
		})
	}
}

// saysWhich fails the test if an error does not name the operation of an action.
func saysWhich(t *testing.T, err error, action string) {
	t.Helper()
	operation, ok := errors.AsType[*smithy.OperationError](err)
	if !ok || !strings.HasSuffix(action, ":"+operation.OperationName) {
		t.Errorf("%s was refused, and the error is %v", action, err)
	}
}
