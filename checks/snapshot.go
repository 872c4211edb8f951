package checks

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// snapshotVersion is raised when a document would be read as other facts than it was written from. A new key whose absence
// says "not read" does not raise it.
const snapshotVersion = 1

// The bounds of a snapshot's document. The facts of a task come to some hundred KiB, which nest about a dozen deep; a short
// text of empty objects would take a thousand times its size in memory.
const (
	snapshotBytes  = 16 << 20
	snapshotDepth  = 256
	snapshotValues = 1 << 20
)

// Snapshot returns the task with the facts that the findings were made from. Those of a checker whose sources are not
// [Sources.Shared], as [Default]'s are, are not among them.
func (d Diagnosis) Snapshot() Snapshot { return Snapshot{d.Task, d.Facts} }

// Capture writes a snapshot as one indented JSON document, which [Replay] reads:
//
//	version  1
//	task     what was diagnosed
//	unread   by IAM action, why facts about the task's interface are missing
//	facts    by kind, each question with the fact that answers it, what of it is unread, and the error
//
// It holds names, addresses and policies of the account ([Redact] hides them) and the error text of the task as ECS gave it.
// It never holds the value of a secret or a credential, nor of an error that AWS answered more than its code.
func Capture(w io.Writer, s Snapshot) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("checks: capturing a snapshot: %w", err)
	}
	if err := bounded(data); err != nil {
		return fmt.Errorf("checks: capturing a snapshot: %w", err)
	}
	_, err = w.Write(append(data, '\n'))
	return err
}

// Replay reads what [Capture] wrote. The checks find the same again with the task and the facts' [Facts.Sources].
//
// The error is for what cannot be read, for what is no snapshot, for one of a newer version, and for a document of more
// than 16 MiB, 256 levels or about a million values. Keys that are not known are passed over.
func Replay(r io.Reader) (Snapshot, error) {
	data, err := io.ReadAll(io.LimitReader(r, snapshotBytes+1))
	if err == nil {
		err = bounded(data)
	}
	var s Snapshot
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok && syntax.Offset >= int64(len(data)) {
		err = errors.New("the document ends too early")
	}
	if err != nil {
		return Snapshot{}, fmt.Errorf("checks: reading a snapshot: %w", err)
	}
	return s, nil
}

// bounded refuses a document that is too large, by what JSON's own marks show of its shape.
func bounded(data []byte) error {
	if len(data) > snapshotBytes {
		return fmt.Errorf("the document is larger than %d MiB", snapshotBytes>>20)
	}
	depth, values := 0, 0
	for i, quoted := 0, false; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			values++
		case c == '}' || c == ']':
			depth--
		case c == ',':
			values++
		}
		if depth > snapshotDepth {
			return fmt.Errorf("the document nests deeper than %d levels", snapshotDepth)
		}
		if values > snapshotValues {
			return fmt.Errorf("the document holds more than %d values", snapshotValues)
		}
	}
	return nil
}

type snapshotJSON struct {
	Version int                 `json:"version"`
	Task    Task                `json:"task"`
	Unread  map[string]*failure `json:"unread,omitempty"`
	Facts   *Facts              `json:"facts"`
}

// MarshalJSON writes the document that Capture describes.
func (s Snapshot) MarshalJSON() ([]byte, error) {
	return json.Marshal(snapshotJSON{snapshotVersion, s.Task, failures(s.Task.Unread), &s.Facts})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (s *Snapshot) UnmarshalJSON(data []byte) error {
	var in struct {
		Version *int `json:"version"`
	}
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	switch {
	case in.Version == nil:
		return errors.New("this is no snapshot: it has no version")
	case *in.Version > snapshotVersion:
		return fmt.Errorf("the snapshot is of version %d, and this canpull reads up to %d: it takes a newer one", *in.Version, snapshotVersion)
	case *in.Version < 1:
		return fmt.Errorf("there is no version %d of snapshots", *in.Version)
	}
	var doc snapshotJSON
	if err := json.Unmarshal(data, &doc); err != nil {
		return err
	}
	if doc.Facts == nil {
		return errors.New("this is no snapshot: it has no facts")
	}
	*s = Snapshot{doc.Task, *doc.Facts}
	s.Task.Unread = errorsOf(doc.Unread)
	return nil
}
