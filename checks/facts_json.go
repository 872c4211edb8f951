package checks

import (
	"encoding/json"
	"errors"
	"maps"

	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/network"
	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/credentials"
)

// answerJSON is an Answer as JSON: the errors that the packages keep out of theirs stand beside the fact, by IAM action.
type answerJSON[Q, A any] struct {
	Question Q                   `json:"question"`
	Fact     *A                  `json:"fact"`
	Unread   map[string]*failure `json:"unread,omitempty"`
	Error    *failure            `json:"error,omitempty"`
}

// failure is why something was not read: of an error, what findings say.
type failure struct {
	Reason     string `json:"reason"`
	NotOffered bool   `json:"notOffered,omitempty"`
}

func (f *failure) Error() string { return f.Reason }

func failureOf(err error) *failure {
	if err == nil {
		return nil
	}
	return &failure{explain(err), notOffered(err)}
}

// MarshalJSON writes the question, the fact, and by IAM action what was not read and why.
func (a Answer[Q, A]) MarshalJSON() ([]byte, error) {
	return json.Marshal(answerJSON[Q, A]{a.Question, a.Fact, failures(unreadIn(a.Fact)), failureOf(a.Err)})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (a *Answer[Q, A]) UnmarshalJSON(data []byte) error {
	var in answerJSON[Q, A]
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	*a = Answer[Q, A]{Question: in.Question, Fact: in.Fact}
	if in.Error != nil {
		a.Err = in.Error
	}
	switch unread := errorsOf(in.Unread); {
	case in.Fact != nil && unread != nil:
		setUnread(in.Fact, unread)
	case in.Fact == nil && in.Error == nil:
		return errors.New("an answer holds neither a fact nor an error")
	}
	return nil
}

func failures(unread map[string]error) map[string]*failure {
	out := map[string]*failure{}
	for action, err := range unread {
		out[action] = failureOf(err)
	}
	return out
}

// errorsOf gives back what failures returned.
func errorsOf(unread map[string]*failure) map[string]error {
	var all map[string]error
	for action, f := range unread {
		if f == nil {
			continue // a null says nothing
		}
		if all == nil {
			all = map[string]error{}
		}
		all[action] = f
	}
	return all
}

// unreachable stands for Image.Unreachable among the actions.
const unreachable = "unreachable"

// unreadIn returns what a fact keeps out of its JSON.
func unreadIn(fact any) map[string]error {
	switch f := fact.(type) {
	case *network.Topology:
		if f != nil {
			return f.Unread
		}
	case *iam.Role:
		if f != nil {
			return f.Unread
		}
	case *registry.Image:
		if f != nil && f.Unreachable != nil {
			all := map[string]error{unreachable: f.Unreachable}
			maps.Copy(all, f.Unread)
			return all
		}
		if f != nil {
			return f.Unread
		}
	case *credentials.Secret:
		if f != nil {
			return f.Unread
		}
	case *iam.Organization:
		if f != nil && f.Unread != nil {
			return map[string]error{simulate: f.Unread}
		}
	}
	return nil
}

// setUnread gives a fact back what unreadIn returned.
func setUnread(fact any, unread map[string]error) {
	switch f := fact.(type) {
	case *network.Topology:
		f.Unread = unread
	case *iam.Role:
		f.Unread = unread
	case *registry.Image:
		f.Unreachable = unread[unreachable]
		delete(unread, unreachable)
		f.Unread = unread
	case *credentials.Secret:
		f.Unread = unread
	case *iam.Organization:
		f.Unread = unread[simulate]
	}
}

// clone returns a copy of a snapshot that shares nothing with it.
func (s Snapshot) clone() (Snapshot, error) {
	data, err := json.Marshal(s)
	if err != nil {
		return Snapshot{}, err
	}
	var copied Snapshot
	return copied, json.Unmarshal(data, &copied)
}
